import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird
import Logging

/// Who is let in.
package enum Access: Sendable {
    /// Whoever reaches the server, which then must be on loopback.
    case open
    /// Only who proves to be an identity of the credentials file.
    case authenticated(Authenticator)
}

/// Puts a principal to each request, or refuses it. Nothing but the health check is answered without, not even what is no operation.
struct AccessControl: RouterMiddleware {
    let access: Access
    let throttle: RequestThrottle?

    func handle(_ request: Request, context: APIRequestContext, next: (Request, APIRequestContext) async throws -> Response) async throws -> Response {
        try OriginGuard.check(request, access)
        var request = request
        var context = context
        if request.uri.path != RoutePath.health {
            let principal = try await principal(of: &request, context)
            try throttle?.check(principal)
            context.principal = principal
            context.logger[metadataKey: "identity"] = .string(principal.key)
        }
        var response = try await next(request, context)
        if context.principal == nil, case .authenticated = access { response.headers[.connection] = "close" }
        return response
    }

    private func principal(of request: inout Request, _ context: APIRequestContext) async throws -> Principal {
        guard case .authenticated(let authenticator) = access else { return .everyone }
        do {
            return .identity(try await authenticator.identity(of: &request, context))
        } catch var refusal as RefusedRequest {
            context.logger.info(
                "refused a request at the door",
                metadata: ["type": .string(refusal.type), "method": "\(request.method)", "from": .string(context.remoteAddress?.ipAddress ?? "unknown")])
            refusal.closesConnection = true
            try await Self.discard(request.body)
            throw refusal
        }
    }

    /// Takes what is still on its way: a connection that ends with unread bytes is reset, and its client never sees the answer.
    private static func discard(_ body: RequestBody) async throws {
        var count = 0
        for try await part in body {
            count += part.readableBytes
            guard count <= ProtocolError.maximumBodyBytes else { throw ProtocolError.bodyTooLarge }
        }
    }
}

/// Keeps web pages out.
///
/// A page of another site shows itself by `Origin`, a rebound name by `Host`. Without authentication a browser on this machine is the one stranger that
/// can reach loopback, and both must name loopback. With it, a page has no key to sign with; its `Origin` must still be the host that it speaks to.
enum OriginGuard {
    static func check(_ request: Request, _ access: Access) throws(ProtocolError) {
        let authority = request.head.authority ?? ""
        switch access {
        case .open:
            if !authority.isEmpty, !LoopbackHost.contains(host(ofAuthority: authority)) { throw .foreignOrigin(authority, isOpen: true) }
            for origin in request.headers[values: .origin] where !LoopbackHost.contains(host(ofAuthority: self.authority(ofOrigin: origin))) {
                throw .foreignOrigin(origin, isOpen: true)
            }
        case .authenticated:
            for origin in request.headers[values: .origin] where authority.isEmpty || self.authority(ofOrigin: origin).lowercased() != authority.lowercased() {
                throw .foreignOrigin(origin, isOpen: false)
            }
        }
    }

    private static func authority(ofOrigin origin: String) -> String { origin.split(separator: "/").last.map(String.init) ?? "" }

    private static func host(ofAuthority authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[authority.index(after: authority.startIndex)..<end]) }
        return String(authority.prefix { $0 != ":" })
    }
}
