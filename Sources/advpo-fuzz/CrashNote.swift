import AdvPOFuzzing
import Glibc

/// Says which batch was under way when an input ends the process: a trap leaves no other trace.
enum CrashNote {
    /// Written by the one thread there is, read by its signal handler.
    nonisolated(unsafe) static var input: UInt64 = 0
    nonisolated(unsafe) private static var head: StaticString = ""
    nonisolated(unsafe) private static var seed: UInt64 = 0

    static func prepare(_ target: FuzzTarget, seed: UInt64) {
        self.seed = seed
        head =
            switch target {
            case .wire: "the process was ended by an input. Again: advpo-fuzz --target wire"
            case .frames: "the process was ended by an input. Again: advpo-fuzz --target frames"
            case .coordinator: "the process was ended by an input. Again: advpo-fuzz --target coordinator"
            case .worker: "the process was ended by an input. Again: advpo-fuzz --target worker"
            }
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] { signal(number) { CrashNote.speak($0) } }
    }

    /// Only what a signal handler may do: no allocation, one system call for each piece.
    private static func speak(_ number: Int32) {
        write(2, head.utf8Start, head.utf8CodeUnitCount)
        say(" --seed ", seed)
        say(" --from ", input)
        say(" --inputs ", 1)
        write(2, "\n", 1)
        signal(number, SIG_DFL)
        raise(number)
    }

    private static func say(_ words: StaticString, _ value: UInt64) {
        write(2, words.utf8Start, words.utf8CodeUnitCount)
        var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
        var rest = value
        var first = 20
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        for index in first..<20 {
            var digit = digits[index]
            write(2, &digit, 1)
        }
    }
}
