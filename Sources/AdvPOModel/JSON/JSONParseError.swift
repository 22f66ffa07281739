/// Why some bytes are not the JSON that this project accepts, and where.
package struct JSONParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The 1-based byte at which the fault stands, counted from the first byte given to the parser.
    package var column: Int
    /// What is wrong and, after a semicolon, how to mend it.
    package var message: String

    package init(column: Int, message: String) {
        self.column = column
        self.message = message
    }

    package var description: String { "column \(column): \(message)" }
}
