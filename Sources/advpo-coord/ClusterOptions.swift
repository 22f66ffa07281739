import AdvPOCluster
import AdvPOCommandLine
import AdvPOCoordinator
import AdvPOModel
import AdvPOTransport
import AdvPOTrust
import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// The flags of the workers' way in: where the coordinator listens for them, and by what it knows them.
struct ClusterOptions: ParsableArguments {
    @Option(help: "Where workers pull tasks (default tcp://127.0.0.1:7710). Another address than loopback needs --cluster.") var work: String?
    @Option(help: "Where workers say hello and are told to cancel (default tcp://127.0.0.1:7711). Another address than loopback needs --cluster.") var control: String?
    @Option(help: "The folder that 'advpo-coord cluster init' made: only workers with a key of it are let in. SIGHUP has its revoked.yaml read again.") var cluster: String?

    /// Reads and checks the files; opens no port.
    func door(_ settings: Settings, _ logger: Logger) throws -> WorkerDoor {
        let addresses = (
            work: settings.string(.work, flag: work, default: "tcp://127.0.0.1:7710"), control: settings.string(.control, flag: control, default: "tcp://127.0.0.1:7711")
        )
        guard let path = settings.string(.cluster, flag: cluster) else {
            for (address, key) in [(addresses.work, SettingKey.work), (addresses.control, .control)] { try Self.checkOpen(address, key) }
            return WorkerDoor(addresses: addresses, gatekeeper: nil, folder: nil, tls: nil, logger: logger)
        }
        let folder = ClusterFolder(path)
        let usesTLS = SocketAddress.isTLS(addresses.work) || SocketAddress.isTLS(addresses.control)
        return try usage {
            let files = usesTLS ? try folder.certificates(now: Date()) : nil
            if let warning = files?.expiryWarning(now: Date()) { logger.warning("\(warning)") }
            return WorkerDoor(
                addresses: addresses, gatekeeper: Gatekeeper(secret: try folder.secret(), revocations: try folder.revocations(), logger: logger), folder: folder,
                tls: files.map { TLSIdentity(authorities: $0.authority, certificate: $0.certificate, key: $0.key) }, logger: logger)
        }
    }

    /// Without a secret nobody but this machine may reach the sockets.
    private static func checkOpen(_ address: String, _ key: SettingKey) throws {
        guard SocketAddress.isLocal(address), !SocketAddress.isTLS(address) else {
            let what = SocketAddress.isTLS(address) ? "which needs certificates" : "which other machines could reach"
            throw CommandFailure(
                .badUsage,
                "\(key.places) is '\(address)', \(what), and there is no \(SettingKey.cluster.places), by which workers are known. Make its files with "
                    + "'advpo-coord cluster init DIR --host NAME-OR-ADDRESS', and start with --cluster DIR; or listen on tcp://127.0.0.1:PORT")
        }
    }
}

/// The workers' way into the coordinator, ready to be opened.
struct WorkerDoor {
    let addresses: (work: String, control: String)
    /// Nil where whoever reaches the sockets is let in.
    let gatekeeper: Gatekeeper?
    let folder: ClusterFolder?
    let tls: TLSIdentity?
    let logger: Logger

    func open() throws -> (work: any Replier, control: any Replier) {
        let work = try listen(addresses.work, .work)
        let control = try listen(addresses.control, .control)
        logger.notice("listening for workers", metadata: ["work": "\(work.address)", "control": "\(control.address)", "admits": gatekeeper == nil ? "anybody on this machine" : "workers with a key"])
        if gatekeeper != nil, [addresses.work, addresses.control].contains(where: { !SocketAddress.isTLS($0) && !SocketAddress.isLocal($0) }) {
            logger.warning("workers are served without TLS: what travels is signed and not encrypted, so whoever is on the way reads prompts, samples and results. Use tls+tcp:// addresses.")
        }
        return (work, control)
    }

    /// What has the revoked keys read again.
    func services(_ coordinator: Coordinator) -> [any Service] {
        guard let gatekeeper, let folder else { return [] }
        return [RevocationReload(gatekeeper: gatekeeper, folder: folder, coordinator: coordinator, logger: logger)]
    }

    private func listen(_ address: String, _ socket: ClusterSocket) throws -> any Replier {
        let tls = SocketAddress.isTLS(address) ? tls : nil
        do {
            guard let gatekeeper else { return try NNGReplier(listening: address, limits: WireLimits(), logger: logger) }
            let replier = try NNGReplier(listening: address, limits: WireLimits(), framing: .callers, tls: tls, logger: logger)
            return GuardedReplier(replier, socket: socket, gatekeeper: gatekeeper, limits: WireLimits())
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
    }
}

/// Reads the list of revoked keys again at each SIGHUP. A file with a fault changes nothing.
struct RevocationReload: Service {
    let gatekeeper: Gatekeeper
    let folder: ClusterFolder
    let coordinator: Coordinator
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                let revocations = try folder.revocations()
                await gatekeeper.revoke(revocations, in: coordinator)
                logger.notice("read the revoked keys again", metadata: ["workers": "\(revocations.count)"])
            } catch {
                logger.error("the list of revoked keys was not taken; it stays as it was", metadata: ["error": .string("\(error)")])
            }
        }
    }
}
