import Dispatch
import Foundation

/// Ctrl-C and a polite kill, as a stream instead of death.
package enum Interrupts {
    /// Yields at SIGINT and SIGTERM, which meanwhile do not kill the process; once the stream's reader is gone they do again.
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
                for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
            }
        }
    }

    /// A dispatch source is thread-safe, but not marked so on Linux.
    private struct Uncopied: @unchecked Sendable {
        let value: any DispatchSourceSignal
        init(_ value: any DispatchSourceSignal) { self.value = value }
    }
}
