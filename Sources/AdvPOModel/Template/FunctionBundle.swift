package import OrderedCollections

/// The files of a Lambda-style metric, as they travel to workers: relative path to content.
///
/// It holds `lambda_function.py` at its top; paths have no `..`, no leading slash and no empty part.
package struct FunctionBundle: Hashable, Sendable {
    package static let entryPoint = "lambda_function.py"
    package var name: String
    package var files: OrderedDictionary<String, [UInt8]>

    package init(name: String, files: OrderedDictionary<String, [UInt8]>) {
        self.name = name
        self.files = files
    }

    /// The source that a rewriter is shown.
    package var source: String? { files[Self.entryPoint].map { String(decoding: $0, as: UTF8.self) } }
}
