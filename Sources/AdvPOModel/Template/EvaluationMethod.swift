/// How a template's answers are scored; a template has exactly one.
package enum EvaluationMethod: Hashable, Sendable {
    /// The built-in judge with its three dimensions.
    case defaultJudge
    /// The built-in judge with the user's criteria merged as extra dimensions.
    case customJudge(prompt: String, modelID: String)
    /// The built-in judge with up to five criteria merged as one dimension.
    case steering(criteria: [String])
    /// A Lambda-style `compute_score`, named by the last part of its ARN.
    case function(arn: String, name: String)
    /// One of ours, `builtin:<name>`.
    case builtin(BuiltinMetric)

    package var usesJudge: Bool {
        switch self {
        case .defaultJudge, .customJudge, .steering: true
        case .function, .builtin: false
        }
    }
}

/// The metrics that need neither a model nor the user's code.
package enum BuiltinMetric: String, Hashable, Sendable, Codable, CaseIterable {
    case exactMatch = "exact_match"
    case contains
    case tokenF1 = "token_f1"
    case rouge1 = "rouge_1"
    case rouge2 = "rouge_2"
    case rougeL = "rouge_l"
    case jsonMatch = "json_match"
    case numericMatch = "numeric_match"

    /// What stands before the name in `evaluationMetricLambdaArn`.
    package static let prefix = "builtin:"
}
