package import AdvPOModel
package import Logging

/// Scores answers by any of the four methods and the built-in metrics.
package final class Evaluator: Sendable {
    private let judge: Judge

    package init(models: any ChatModels, logger: Logger) {
        judge = Judge(models: models, logger: logger)
    }
}
