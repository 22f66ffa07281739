/// What an input file is checked against beside itself: the installation it is submitted to. What is nil is not checked.
package struct InputContext: Hashable, Sendable {
    /// The metric functions of the model catalog, in the order in which a message lists them.
    package var functionNames: [String]?
    /// Whether a model plays the judge (`roles.judge` or an override): what the default judge and steering criteria need.
    package var hasJudge: Bool?
    /// The models of the catalog, one of which `customLLMJModelId` must be.
    package var modelIDs: [String]?

    package init(functionNames: [String]? = nil, hasJudge: Bool? = nil, modelIDs: [String]? = nil) {
        self.functionNames = functionNames
        self.hasJudge = hasJudge
        self.modelIDs = modelIDs
    }
}
