import AdvPOCluster
import AdvPOModel
import OrderedCollections

extension ClusterSettings {
    /// With the bounds that a models file sets for the whole cluster.
    mutating func takeRateLimits(of catalog: ModelCatalog) {
        for model in catalog.models.values {
            rateCeilings[model.id] = RateCeiling(
                requestsPerMinute: model.limits.requestsPerMinute, tokensPerMinute: model.limits.tokensPerMinute, concurrency: model.limits.clusterConcurrency)
        }
    }
}
