/// What an identity may be allowed to do: the IAM actions of the five operations, and ours for the cluster.
///
/// Our extensions for jobs have no action of their own: a job's progress and its result files need the action that reads the job. Creating a job with tags
/// needs no `bedrock:TagResource`, since a tag here does no more than the request that brings it.
package enum IAMAction: String, Hashable, Sendable, CaseIterable {
    case create = "bedrock:CreateAdvancedPromptOptimizationJob"
    case get = "bedrock:GetAdvancedPromptOptimizationJob"
    case list = "bedrock:ListAdvancedPromptOptimizationJobs"
    case stop = "bedrock:StopAdvancedPromptOptimizationJob"
    case batchDelete = "bedrock:BatchDeleteAdvancedPromptOptimizationJob"
    // Ours, for whoever runs the cluster.
    case describeCluster = "advpo:DescribeCluster"
    case drainWorker = "advpo:DrainWorker"
    case getMetrics = "advpo:GetMetrics"

    /// Whether it is about the cluster and not about a job.
    var isAboutCluster: Bool {
        switch self {
        case .create, .get, .list, .stop, .batchDelete: false
        case .describeCluster, .drainWorker, .getMetrics: true
        }
    }
}

/// One entry of an identity's `allow`: an action, or the beginning of actions with `*` behind it.
package struct ActionPattern: Hashable, Sendable, CustomStringConvertible {
    private let text: String
    /// What the pattern stands for, in the order of the registry.
    package let actions: [IAMAction]

    /// Nil when no action has this name or beginning. Case matters.
    package init?(_ text: String) {
        let matching: [IAMAction]
        if text.hasSuffix("*") {
            let prefix = text.dropLast()
            guard !prefix.contains("*") else { return nil }
            matching = IAMAction.allCases.filter { $0.rawValue.hasPrefix(prefix) }
        } else {
            matching = IAMAction.allCases.filter { $0.rawValue == text }
        }
        guard !matching.isEmpty else { return nil }
        self.text = text
        actions = matching
    }

    package var description: String { text }
}
