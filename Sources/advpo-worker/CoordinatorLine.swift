import AdvPOCluster
import AdvPOCommandLine
import AdvPOModel
import AdvPOTransport
import AdvPOTrust
import AdvPOWorker
import Foundation
import Logging

/// How this worker reaches its coordinator: plainly, or with the key and certificate of its folder.
struct CoordinatorLine {
    private let folder: IdentityFolder?
    private let connection: KeyedRequester.Connection?
    private let logger: Logger

    /// Reads and checks the folder; dials nothing.
    init(_ settings: Settings, identity: String?, _ logger: Logger) throws {
        self.logger = logger
        do {
            folder = try settings.string(.identity, flag: identity).map { try IdentityFolder($0) }
        } catch {
            throw CommandFailure(.badUsage, "\(SettingKey.identity.flag): \(error)")
        }
        connection = folder.map { KeyedRequester.Connection(identity: $0.identity, key: $0.key, logger: logger) }
    }

    func dial(_ address: String, _ socket: ClusterSocket) throws -> any Requester {
        let isTLS = SocketAddress.isTLS(address)
        guard let folder, let connection else {
            guard !isTLS else {
                throw CommandFailure(
                    .badUsage, "\(address) takes workers with certificates alone: use \(SettingKey.identity.places) with the folder that 'advpo-coord cluster issue-certificate' made")
            }
            return try opened { try NNGRequester(dialing: address, limits: WireLimits(), logger: logger) }
        }
        if !isTLS, !SocketAddress.isLocal(address) {
            logger.warning("what travels is signed and not encrypted: whoever is on the way reads prompts and results. Use tls+tcp://", metadata: ["address": "\(address)"])
        }
        let tls: TLSIdentity?
        do {
            let files = isTLS ? try folder.certificates(now: Date()) : nil
            if let warning = files?.expiryWarning(now: Date()) { logger.warning("\(warning)") }
            tls = files.map { TLSIdentity(authorities: $0.authority, certificate: $0.certificate, key: $0.key) }
        } catch {
            throw CommandFailure(.badUsage, "\(SettingKey.identity.flag): \(error)")
        }
        let requester = try opened { try NNGRequester(dialing: address, limits: WireLimits(), framing: .callers, tls: tls, logger: logger) }
        return KeyedRequester(requester, address: address, socket: socket, connection: connection, limits: WireLimits())
    }

    private func opened(_ make: () throws -> NNGRequester) throws -> NNGRequester {
        do {
            return try make()
        } catch {
            throw CommandFailure(.badUsage, "\(error)")
        }
    }
}
