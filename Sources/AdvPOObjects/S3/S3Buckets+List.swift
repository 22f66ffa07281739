import NIOHTTP1

extension S3Buckets {
    private static let maximumPages = 20_000
    private static let keysPerPage = 1_000

    package func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI] {
        guard folder.isFolder else { throw .namesObject(folder) }
        var found: [ObjectURI] = []
        var token: String?
        for _ in 0..<Self.maximumPages {
            var request = S3Request(.GET, bucket: folder.bucket)
            request.query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(Self.keysPerPage)), ("prefix", folder.key)]
            if let token { request.query.append(("continuation-token", token)) }
            let page = try await send(request, folder) { try await Self.document($0) }
            guard page.name == "ListBucketResult" else { throw .failed(folder, reason: "the answer is a <\(page.name.prefix(40).description.visible)>: does an S3 server answer at \(client.endpoint.description)?") }
            for entry in page.children where entry.name == "Contents" {
                guard let encoded = entry["Key"], let key = Self.decoded(encoded), key.utf8.starts(with: folder.key.utf8) else { continue }
                // A key that ends with a slash is a folder's marker; one that no URI can name is nobody's input.
                guard let uri = try? ObjectURI("\(ObjectURI.scheme)\(folder.bucket)/\(key)"), !uri.isFolder else { continue }
                found.append(uri)
                if found.count > maximumCount { throw .tooMany(folder, maximumCount: maximumCount) }
            }
            guard page["IsTruncated"] == "true" else { return found.sorted() }
            guard let next = page["NextContinuationToken"], !next.isEmpty, next != token else {
                throw .failed(folder, reason: "\(client.endpoint.description) says that the list goes on, and not where")
            }
            token = next
        }
        throw .failed(folder, reason: "the list has more than \(Self.maximumPages) pages; name a folder with fewer objects")
    }

    /// Percent-decoded; nil for what is no UTF-8.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
