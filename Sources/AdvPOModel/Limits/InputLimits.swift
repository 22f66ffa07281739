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
    /// Characters of `templateId`. Not published; ours.
    package var templateIDCharacters = 256
    package init() {}
}
