/// The quotas that an input file must keep: the published ones by default, each configurable.
package struct InputLimits: Hashable, Sendable {
    package var fileBytes = 50 * 1024 * 1024
    package var templatesPerJob = 10
    package var samplesPerTemplate = 100
    package var variablesPerTemplate = 20
    package var attachmentsPerSample = 100
    package var steeringCriteria = 5
    package var modelsPerJob = 5
    /// Bytes of one `promptTemplate`, one judge prompt, one criterion. Not published; ours.
    package var textBytes = 1024 * 1024
    /// Bytes of one sample's variables and reference together; a sample travels as one blob, so keep it below `WireLimits.blobBytes`. Ours.
    package var sampleBytes = 8 * 1024 * 1024
    /// Bytes of one image, one PDF; each travels as one blob, so keep them below `WireLimits.blobBytes`. Not published; ours.
    package var imageBytes = 5 * 1024 * 1024
    package var documentBytes = 10 * 1024 * 1024
    /// Bytes of one sample's files together: they go into one request to a model. Ours.
    package var sampleAttachmentBytes = 32 * 1024 * 1024
    /// Bytes of all files of a job together, each counted once. Ours.
    package var jobAttachmentBytes = 256 * 1024 * 1024
    /// Characters of `templateId`. Not published; ours.
    package var templateIDCharacters = 256
    package init() {}
}
