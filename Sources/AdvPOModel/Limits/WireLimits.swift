/// Sizes that every decoder checks before it allocates.
package struct WireLimits: Hashable, Sendable {
    /// Of one message on a socket, as sent; also NNG's RECVMAXSZ.
    package var messageBytes = 16 * 1024 * 1024
    /// Of one message after decompression.
    package var decompressedBytes = 64 * 1024 * 1024
    /// Messages below this are not compressed.
    package var compressionThresholdBytes = 512
    /// Of one blob.
    package var blobBytes = 12 * 1024 * 1024
    package var unitsPerTask = 256
    package var modelsPerWorker = 1_000
    package var slotsPerWorker = 4_096
    /// Of one model output, feedback or judge text; longer ones are a model failure.
    package var textBytes = 1024 * 1024
    package init() {}
}
