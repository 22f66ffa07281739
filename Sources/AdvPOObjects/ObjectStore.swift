/// Where inputs are read and results are written, by `s3://` names.
///
/// Implementations pass one conformance suite. An object is written whole or not at all: a reader sees the old content or the new one. Folders are
/// nothing but the shared beginnings of keys; they come with the first object inside.
package protocol ObjectStore: Sendable {
    /// The whole content.
    /// - Throws: `missing`, `tooLarge` for more than `maximumBytes`, `namesFolder`, and what the place itself may refuse.
    func read(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> [UInt8]
    /// Creates or replaces; durable when it returns.
    func write(_ uri: ObjectURI, bytes: [UInt8]) async throws(ObjectError)
    /// Whether there is such an object; a folder's name is refused with `namesFolder`.
    func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool
    /// All objects under a folder, at any depth, sorted; empty when there is none.
    /// - Throws: `namesObject` unless `folder` is one; `tooMany` beyond `maximumCount`.
    func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI]
}
