/// Draws a block of lines again and again over the last one, without flicker and without a trace in what was there before.
package struct LiveScreen {
    private let write: (String) -> Void
    private var drawn = 0

    package init(write: @escaping (String) -> Void) { self.write = write }

    /// Hides the cursor until `finish`.
    package mutating func begin() { write("\u{1B}[?25l") }

    package mutating func draw(_ lines: [String]) {
        // Each line is cleared to its end only after it was written, and the rest of the screen last.
        let up = drawn > 0 ? "\u{1B}[\(drawn)A\r" : ""
        write(up + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
        drawn = lines.count
    }

    package mutating func finish() { write("\u{1B}[?25h") }
}
