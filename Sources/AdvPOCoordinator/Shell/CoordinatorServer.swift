package import AdvPOModel
package import AdvPOTransport
package import Logging
import ServiceLifecycle

/// Listens for workers on the two sockets and keeps the coordinator's time, until it is cancelled or shut down gracefully.
package struct CoordinatorServer: Service {
    private let coordinator: Coordinator
    private let work: any Replier
    private let control: any Replier
    private let limits: WireLimits
    private let tickMilliseconds: Int
    private let logger: Logger

    package init(
        coordinator: Coordinator, work: any Replier, control: any Replier, limits: WireLimits = WireLimits(), tickMilliseconds: Int = 100, logger: Logger
    ) {
        self.coordinator = coordinator
        self.work = work
        self.control = control
        self.limits = limits
        self.tickMilliseconds = tickMilliseconds
        self.logger = logger
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await work.serve { await coordinator.answerWork($0, limits: limits) } }
                group.addTask { try await control.serve { await coordinator.answerControl($0, limits: limits) } }
                group.addTask {
                    for await event in control.peerEvents {
                        if case .lost(let peer) = event { await coordinator.peerLost(peer) }
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: .milliseconds(tickMilliseconds))
                        await coordinator.tick()
                    }
                }
                // The first to end is a listener that failed, or the cancellation; either way all end.
                let first = await group.nextResult()
                group.cancelAll()
                await coordinator.close()
                do {
                    try first?.get()
                } catch is CancellationError {}
            }
        }
    }
}
