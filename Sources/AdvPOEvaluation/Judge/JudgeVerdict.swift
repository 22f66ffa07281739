/// A judge's answer, read.
struct JudgeVerdict: Hashable {
    struct Dimension: Hashable {
        var name: String
        /// 0 to 3.
        var points: Double
    }

    static let maximumPoints = 3.0
    static let maximumFeedbackScalars = 2_000
    /// A verdict is some hundred words; of a longer answer the end is read, where the verdict is.
    static let maximumScalars = 100_000

    /// 0 to 3.
    var overall: Double
    var dimensions: [Dimension]
    var justification: String?

    /// What the evaluation reports, in [0, 1].
    var score: Double { overall / Self.maximumPoints }

    /// Reads an answer.
    ///
    /// The last `<Overall>` counts, since judges correct themselves; one with its closing tag goes before one without. Without any, the mean of the
    /// dimensions stands in, provided that the three standard ones are there. A number out of range or none at all is an error, never a 0.
    init(parsing text: String) throws(JudgeParseFailure) {
        let tail = String(String.UnicodeScalarView(text.unicodeScalars.suffix(Self.maximumScalars)))
        let elements = TagScanner.elements(in: tail)
        let found = Self.dimensions(among: elements)
        dimensions = found
        justification = elements.last { $0.isNamed("Justification") }
            .map { PythonText.stripped($0.content) }
            .flatMap { $0.isEmpty ? nil : $0 }

        let overalls = elements.filter { $0.isNamed("Overall") }
        if let counted = overalls.last(where: \.isClosed) ?? overalls.last {
            guard let points = JudgeNumber.read(counted.content) else {
                throw JudgeParseFailure(reason: "its <Overall> holds no single number: \(BuiltinFeedback.quote(counted.content))")
            }
            guard Self.isInRange(points) else {
                throw JudgeParseFailure(reason: "its <Overall> is \(points), not between 0 and 3")
            }
            overall = min(points, Self.maximumPoints)
            return
        }
        let hasStandard = JudgePrompt.standardDimensions.allSatisfy { name in
            found.contains { TagScanner.canonicalName($0.name) == TagScanner.canonicalName(name) }
        }
        guard hasStandard else {
            throw JudgeParseFailure(reason: "it has neither an <Overall> nor points for all three dimensions")
        }
        overall = found.map(\.points).reduce(0, +) / Double(found.count)
    }

    /// The points and the judge's reasons, bounded.
    var feedback: String {
        let points = dimensions.map { "\($0.name) \(BuiltinFeedback.decimal($0.points))/3" }
        let head = (points + ["overall \(BuiltinFeedback.decimal(overall))/3"]).joined(separator: ", ") + "."
        return (justification.map { "\(head) \($0)" } ?? head).bounded(to: Self.maximumFeedbackScalars)
    }

    private static let reservedNames = Set((JudgePrompt.openingTags + JudgePrompt.closingTags).map(TagScanner.canonicalName))

    /// Every element that holds points and is not one of the other parts; of one name, the last.
    private static func dimensions(among elements: [TagScanner.Element]) -> [Dimension] {
        var dimensions: [Dimension] = []
        for element in elements {
            let name = TagScanner.canonicalName(element.name)
            guard !reservedNames.contains(name), let points = JudgeNumber.read(element.content), isInRange(points) else { continue }
            let dimension = Dimension(name: element.name, points: points)
            if let index = dimensions.firstIndex(where: { TagScanner.canonicalName($0.name) == name }) {
                dimensions[index] = dimension
            } else {
                dimensions.append(dimension)
            }
        }
        return dimensions
    }

    /// Sums of rounded products may miss 3 by a hair.
    private static func isInRange(_ points: Double) -> Bool { points >= 0 && points <= maximumPoints + 1e-6 }
}

/// Why a judge's answer could not be read.
struct JudgeParseFailure: Error, Hashable {
    var reason: String
}
