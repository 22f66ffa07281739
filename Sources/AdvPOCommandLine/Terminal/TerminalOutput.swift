import Foundation

/// One of the process's two output streams, and what is at its other end.
package struct TerminalOutput: Sendable {
    private let descriptor: Int32

    package static let standardOutput = TerminalOutput(descriptor: 1)
    package static let standardError = TerminalOutput(descriptor: 2)

    package var isTerminal: Bool { isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

    /// Coloured on a terminal, unless `NO_COLOR` is set and not empty (no-color.org).
    package var style: Style {
        let isUnwanted = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return isTerminal && !isUnwanted ? .coloured : .plain
    }

    /// In columns; 100 where there is no terminal to ask.
    package var width: Int {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return max(40, Int(size.ws_col))
    }

    /// In lines; nil where there is no terminal to ask.
    package var height: Int? {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
        return Int(size.ws_row)
    }

    package func line(_ text: String) { write(text + "\n") }

    /// A reader that has gone away is no reason to fail: what was to be shown is lost, nothing else.
    package func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
