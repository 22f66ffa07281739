import AdvPOBedrock
import Foundation

/// What a request says, as far as its signature covers it: two requests with one meaning may share a signature, two with different meanings may not.
///
/// Written without the canonical request's code, by what the parts mean rather than by how they are spelt: the two check each other.
struct RequestMeaning: Equatable {
    private let method: String
    private let path: [[UInt8]]
    private let query: [[[UInt8]]]
    private let headers: [String: [[[UInt8]]]]
    private let body: [UInt8]

    /// `signedHeaders` as in the signature, with `;` between them. Leave `body` empty where it is not signed.
    init(_ request: SigV4Request, body: [UInt8], signedHeaders: String, service: String) {
        method = request.method
        self.body = body
        path = service == "s3" ? [Array(request.path.utf8)] : Self.resolved(request.path)
        query = Self.pairs(request.query)
        let signed = Set(signedHeaders.split(separator: ";").map(String.init))
        var headers: [String: [[[UInt8]]]] = [:]
        for (name, value) in request.headers where signed.contains(name.lowercased()) || name.lowercased().hasPrefix("x-amz-") {
            for line in value.utf8.split(separator: 10, omittingEmptySubsequences: false) {
                // Commas join values: "a,b" and "a", "b" are one list.
                let trimmed = line.drop(while: Self.isBlank).reversed().drop(while: Self.isBlank).reversed()
                let values = Array(trimmed).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                headers[name.lowercased(), default: []] += values.enumerated().map { Self.words($1, isFirst: $0 == 0, isLast: $0 == values.count - 1) }
            }
        }
        self.headers = headers
    }

    private static func resolved(_ path: String) -> [[UInt8]] {
        var stack: [[UInt8]] = []
        for segment in path.utf8.split(separator: 0x2F).map(Array.init) {
            switch String(decoding: segment, as: UTF8.self) {
            case ".": continue
            case "..": stack = stack.dropLast()
            default: stack.append(segment)
            }
        }
        // An empty segment at the end stands for the slash there.
        return stack.isEmpty || path.utf8.last != 0x2F ? stack : stack + [[]]
    }

    private static func pairs(_ query: String) -> [[[UInt8]]] {
        let pairs = query.utf8.split(separator: 0x26).map { pair in
            let sign = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            return [unescaped(pair[..<sign]), unescaped(pair[sign...].dropFirst())]
        }
        return pairs.filter { $0[0] != Array("X-Amz-Signature".utf8) }.sorted { one, other in
            one[0] == other[0] ? one[1].lexicographicallyPrecedes(other[1]) : one[0].lexicographicallyPrecedes(other[0])
        }
    }

    private static func unescaped(_ text: Substring.UTF8View) -> [UInt8] {
        var rest = Array(text)[...]
        var result: [UInt8] = []
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            let isEscape = byte == 0x25 && digits.count == 2 && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit && $0 < 128 }
            if isEscape, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// Blanks only part words; beside a comma within one value they count, for values are trimmed before they are joined.
    private static func words(_ text: ArraySlice<UInt8>, isFirst: Bool, isLast: Bool) -> [[UInt8]] {
        var words = text.split(whereSeparator: isBlank).map(Array.init)
        if !isFirst, let first = text.first, isBlank(first) { words.insert([], at: 0) }
        if !isLast, let last = text.last, isBlank(last) { words.append([]) }
        return words
    }
}
