/// The name of an object or of a folder of objects: `s3://bucket/key`.
///
/// The alphabet is the published one for a job's URIs: a bucket of 3 to 63 characters `a-z0-9.-`, which begins and ends with a letter or digit; then
/// non-empty segments of `a-zA-Z0-9-!_*'().`, with an optional `/` at the end; 1,024 bytes at most. No segment is `.` or `..`: the published pattern lets
/// them pass, but as folders they would lead elsewhere. So there is no escape (`%2e`), no blank and no control character in any `ObjectURI`.
package struct ObjectURI: Hashable, Sendable {
    package static let scheme = "s3://"
    package static let maximumBytes = 1024

    package let bucket: String
    /// Without a leading slash; empty for the bucket itself.
    package let key: String
    /// Of the key, without empty ones.
    package var segments: [String] { key.split(separator: "/").map(String.init) }
    /// Whether it names a folder, as every output location must: the key is empty or ends with `/`.
    package var isFolder: Bool { key.isEmpty || key.hasSuffix("/") }

    /// - Throws: `invalidURI`, with what is wrong and where.
    package init(_ text: String) throws(ObjectError) {
        func fault(_ reason: String) -> ObjectError { .invalidURI(String(text.prefix(200)).visible, reason: reason) }
        guard text.utf8.count <= Self.maximumBytes else { throw fault("it has \(text.utf8.count) bytes, more than \(Self.maximumBytes)") }
        guard text.utf8.starts(with: Self.scheme.utf8) else { throw fault("it does not begin with \(Self.scheme)") }
        let rest = Substring(text.utf8.dropFirst(Self.scheme.utf8.count))
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/"))
        let bucket = String(rest[..<(slash ?? rest.endIndex)])
        if let reason = Self.fault(ofBucket: bucket) { throw fault(reason) }
        let key = slash.map { String(rest[rest.utf8.index(after: $0)...]) } ?? ""
        if let reason = Self.fault(ofKey: key) { throw fault(reason) }
        self.bucket = bucket
        self.key = key
    }

    /// The object or folder inside this folder, e.g. `jobid1234567/results.jsonl`.
    ///
    /// - Throws: `invalidURI` when the result would break a rule; `namesObject` when this is no folder.
    package func appending(_ relative: String) throws(ObjectError) -> ObjectURI {
        guard isFolder else { throw .namesObject(self) }
        return try ObjectURI("\(Self.scheme)\(bucket)/\(key)\(relative)")
    }

    /// Nil when `name` is a bucket's name.
    static func fault(ofBucket name: String) -> String? {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count) else { return "the bucket's name has \(bytes.count) characters; 3 to 63 are allowed" }
        guard let first = bytes.first, let last = bytes.last, isBucketEnd(first), isBucketEnd(last) else {
            return "the bucket's name must begin and end with a-z or 0-9"
        }
        guard let odd = name.unicodeScalars.first(where: { !isBucketCharacter($0) }) else { return nil }
        return "the bucket's name holds \(odd.named); a-z, 0-9, '-' and '.' are allowed"
    }

    private static func fault(ofKey key: String) -> String? {
        if key.isEmpty { return nil }
        if let odd = key.unicodeScalars.first(where: { $0 != "/" && !isKeyCharacter($0) }) {
            return "the key holds \(odd.named); letters, digits and -!_*'(). are allowed"
        }
        var segments = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if segments.last?.isEmpty == true { segments.removeLast() }
        for (index, segment) in segments.enumerated() {
            if segment.isEmpty { return "part \(index + 1) of the key is empty: two slashes in a row, or one too many" }
            if segment.elementsEqual(".".utf8) { return "part \(index + 1) of the key is '.', which names no object" }
            if segment.elementsEqual("..".utf8) { return "part \(index + 1) of the key is '..', which would lead out of its folder" }
        }
        return nil
    }

    private static func isBucketEnd(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isBucketCharacter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "."
    }

    private static func isKeyCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "!", "_", "*", "'", "(", ")", ".": true
        default: false
        }
    }
}

extension ObjectURI: CustomStringConvertible, Comparable {
    package var description: String { "\(Self.scheme)\(bucket)/\(key)" }
    /// By bucket, then by the bytes of the key, as S3 lists.
    package static func < (lhs: ObjectURI, rhs: ObjectURI) -> Bool {
        lhs.bucket == rhs.bucket ? lhs.key.utf8.lexicographicallyPrecedes(rhs.key.utf8) : lhs.bucket.utf8.lexicographicallyPrecedes(rhs.bucket.utf8)
    }
}

extension Unicode.Scalar {
    /// The character as an error message shows it.
    fileprivate var named: String {
        let hex = String(value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        return properties.isWhitespace || properties.generalCategory == .control || properties.generalCategory == .format ? code : "'\(self)' (\(code))"
    }
}

extension String {
    /// Text from outside as one line of an error message: control characters escaped.
    var visible: String { unicodeScalars.map { $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0) }.joined() }
}
