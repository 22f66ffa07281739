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
    /// Of one name: a model's, a worker's, a variable's, a file's path.
    package var nameBytes = 1024
    /// Of one nonce or proof of a handshake.
    package var nonceBytes = 64
    /// In one heartbeat or one answer to it.
    package var leasesPerMessage = 8_192
    /// Hashes in one fetch; more than one task can need.
    package var blobsPerFetch = 1_024
    /// Of one list inside a blob: messages, variables, attachments, criteria, files.
    package var entriesPerBlob = 4_096
    /// Nesting of JSON values inside a message or blob.
    package var jsonDepth = 64
    /// JSON values in one message or blob.
    package var jsonValues = 100_000
    package init() {}
}
