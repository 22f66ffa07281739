/// How often and how long a judge is asked; what a call of it costs at most follows from them.
package enum JudgeLimits {
    /// Answers asked for before giving up.
    package static let maximumAsks = 3
    /// Of one answer.
    package static let maximumTokens = 2_048
    /// Of the judge's standing orders and the words between its blocks, all criteria apart.
    package static let instructionBytes = 8_192
}
