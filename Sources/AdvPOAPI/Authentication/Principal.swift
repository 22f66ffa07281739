import AdvPOBedrock
import AdvPOModel
package import Hummingbird
import NIOCore

/// On whose behalf a request is served.
enum Principal: Sendable {
    /// Whoever reaches a server on loopback that has no credentials file.
    case everyone
    case identity(Identity)

    /// Unique over all principals; no identity has an empty name.
    var key: String {
        switch self {
        case .everyone: ""
        case .identity(let identity): identity.name
        }
    }

    /// Throws unless the action is allowed, in AWS's words.
    ///
    /// - Parameter job: the job that the request names; nil for none or several.
    func require(_ action: IAMAction, on job: JobID?, in namespace: JobNamespace) throws(RefusedRequest) {
        guard case .identity(let identity) = self, !identity.allowed.contains(action) else { return }
        let cluster = "arn:\(namespace.partition):advpo:\(namespace.region):\(namespace.account):cluster"
        let resource = action.isAboutCluster ? cluster : job.map { JobARN(namespace: namespace, job: $0).description }
            ?? "arn:\(namespace.partition):bedrock:\(namespace.region):\(namespace.account):\(JobARN.resourceType)/*"
        throw .accessDenied(
            "User: arn:\(namespace.partition):iam::\(namespace.account):user/\(identity.name) is not authorized to perform: \(action.rawValue) on resource: \(resource) "
                + "because no identity-based policy allows the \(action.rawValue) action")
    }
}

/// What is known of a request beside its own text.
package struct APIRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Where the request came from; nil when the connection is gone or was never one.
    let remoteAddress: SocketAddress?
    /// Set by `AccessControl`; a request without one reaches no operation.
    var principal: Principal?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }

    /// Whether the request came from this machine, over loopback.
    var isFromLoopback: Bool {
        guard let host = remoteAddress?.ipAddress else { return false }
        let mapped = "::ffff:"
        return LoopbackHost.contains(host.hasPrefix(mapped) ? String(host.dropFirst(mapped.count)) : host)
    }
}
