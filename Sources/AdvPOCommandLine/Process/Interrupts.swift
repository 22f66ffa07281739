import Dispatch
import Foundation

/// Ctrl-C and a polite kill, as a stream instead of death.
package enum Interrupts {
    /// Yields once per SIGINT or SIGTERM, from now on, until the stream's reader is gone. The process is no longer killed by them.
    package static func stream() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let sources = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield() }
                source.resume()
                return Uncopied(source)
            }
            continuation.onTermination = { _ in
                for source in sources { source.value.cancel() }
            }
        }
    }

    /// A dispatch source is thread-safe, but not marked so on Linux.
    private struct Uncopied: @unchecked Sendable {
        let value: any DispatchSourceSignal
        init(_ value: any DispatchSourceSignal) { self.value = value }
    }
}
