/// What a simulated model does, as `model:` of the catalog describes it: an answer, and faults on the way to it, separated by spaces.
///
/// Answers: `echo`, `label:a,b,c`, `learner`. Faults: `fail:P` (a try fails as if the server were overloaded), `refuse:P` (an empty
/// answer), with P from 0 to 1; `delay:Nms` or `delay:Ns` before each answer. Such as `label:sports,business delay:50ms fail:0.1`.
struct SimulatedBehaviour: Hashable, Sendable {
    enum Answer: Hashable, Sendable {
        /// The last user message.
        case echo
        /// One of the labels, chosen by a hash of the messages.
        case label([String])
        /// The answer of the most similar earlier example.
        case learner
    }

    struct Fault: Error, Hashable {
        var problem: String
        var remedy: String
    }

    var answer: Answer
    /// In millionths.
    var failMillionths: UInt64 = 0
    /// In millionths.
    var refuseMillionths: UInt64 = 0
    var delay: Duration = .zero

    init(parsing text: String) throws(Fault) {
        var answers: [Answer] = []
        for word in text.split(separator: " ") {
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : nil
            switch (String(parts[0]), value) {
            case ("echo", nil): answers.append(.echo)
            case ("learner", nil): answers.append(.learner)
            case ("label", let list?) where list.contains { $0 != "," }: answers.append(.label(list.split(separator: ",").map(String.init)))
            case ("fail", let chance?): failMillionths = try Self.millionths(chance, word)
            case ("refuse", let chance?): refuseMillionths = try Self.millionths(chance, word)
            case ("delay", let time?): delay = try Self.duration(time, word)
            default: throw Self.fault(word)
            }
        }
        guard let answer = answers.first, answers.count == 1 else {
            throw Fault(problem: "names \(answers.count) answers of a simulated model", remedy: "write exactly one of echo, label:a,b or learner")
        }
        self.answer = answer
    }

    private static func millionths(_ text: String, _ word: Substring) throws(Fault) -> UInt64 {
        guard let value = Double(text), (0...1).contains(value) else { throw fault(word) }
        return UInt64((value * 1_000_000).rounded())
    }

    private static func duration(_ text: String, _ word: Substring) throws(Fault) -> Duration {
        let isMilliseconds = text.hasSuffix("ms")
        guard text.hasSuffix("s"), let count = Int64(text.dropLast(isMilliseconds ? 2 : 1)), (0...3_600_000).contains(count) else { throw fault(word) }
        return isMilliseconds ? .milliseconds(count) : .seconds(count)
    }

    private static func fault(_ word: Substring) -> Fault {
        Fault(
            problem: "has \"\(word.prefix(60))\", which is nothing that a simulated model does",
            remedy: "write echo, label:a,b or learner, then if wanted fail:0.1, refuse:0.1, delay:50ms")
    }
}
