import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation
import OrderedCollections

extension FunctionBundle {
    init(_ proto: ProtoFunctionBundle, _ place: String) throws(WireError) {
        var files: OrderedDictionary<String, [UInt8]> = [:]
        for (index, file) in proto.files.enumerated() {
            let inner = "\(place).files[\(index)].path"
            guard Self.isSafe(file.path) else {
                throw WireError(place: inner, problem: "\"\(file.path.prefix(80))\" is not a relative path without \"..\" and empty parts")
            }
            guard files.updateValue(Array(file.content), forKey: file.path) == nil else {
                throw WireError(place: inner, problem: "\"\(file.path.prefix(80))\" comes twice")
            }
        }
        guard files[Self.entryPoint] != nil else { throw WireError(place: "\(place).files", problem: "holds no \(Self.entryPoint)") }
        self.init(name: proto.name, files: files)
    }

    /// Workers write these files: nothing may lead out of the folder that is made for them.
    private static func isSafe(_ path: String) -> Bool {
        !path.utf8.contains(0) && !path.utf8.contains(UInt8(ascii: "\\"))
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}

extension ProtoFunctionBundle {
    init(_ bundle: FunctionBundle) {
        self.init()
        name = bundle.name
        files = bundle.files.map { path, content in
            var proto = ProtoFile()
            proto.path = path
            proto.content = Data(content)
            return proto
        }
    }
}
