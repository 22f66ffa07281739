import AdvPOBedrock
import Foundation
import Testing

/// One request of a fixture with the signature that AWS or botocore gives it.
struct SignatureCase: Decodable, CustomTestStringConvertible {
    enum Form: String, Decodable { case header, query }
    enum Payload: String, Decodable { case bytes, unsigned }

    let name: String
    let form: Form
    let method: String
    let path: String
    let query: String
    let headers: [[String]]
    let bodyBase64: String
    let payload: Payload
    let accessKeyId: String
    let secretAccessKey: String
    let sessionToken: String?
    let region: String
    let service: String
    let time: String
    let expiresSeconds: Int?
    let signedHeaders: String
    let signature: String
    /// The other signer's own query and headers, signature included.
    let signedQuery: String?
    let signedRequestHeaders: [[String]]?
    let isForVerifierOnly: Bool?

    static func read(_ fixture: String) throws -> [SignatureCase] {
        struct Document: Decodable { let cases: [SignatureCase] }
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/\(fixture).json")
        return try JSONDecoder().decode(Document.self, from: Data(contentsOf: file)).cases
    }

    var testDescription: String { "\(name), \(form)" }

    var request: SigV4Request { SigV4Request(method: method, path: path, query: query, headers: headers.map { ($0[0], $0[1]) }) }
    var body: [UInt8] { Array(Data(base64Encoded: bodyBase64) ?? Data()) }
    var payloadToSign: SigV4Payload { payload == .unsigned ? .unsigned : .bytes(body) }
    var signer: SigV4Signer {
        let credentials = SigningCredentials(accessKeyID: accessKeyId, secretAccessKey: secretAccessKey, sessionToken: sessionToken)
        return SigV4Signer(credentials: credentials, region: region, service: service)
    }

    func seconds() throws -> Int64 { try #require(Timestamp.secondsSince1970(basic: time)) }

    /// As our signer sends it.
    func signed() throws -> SigV4Request {
        var result = request
        if let expiresSeconds {
            result.query = signer.presignedQuery(request, payload: payloadToSign, secondsSince1970: try seconds(), expiresSeconds: expiresSeconds)
        } else {
            result.headers += signer.sign(request, payload: payloadToSign, secondsSince1970: try seconds())
        }
        return result
    }

    /// As the other signer sends it; nil when the fixture does not say.
    var signedByOther: SigV4Request? {
        var result = request
        if let signedQuery {
            result.query = signedQuery
        } else if let signedRequestHeaders {
            result.headers = signedRequestHeaders.map { ($0[0], $0[1]) }
        } else {
            return nil
        }
        return result
    }

    /// The refusal of `request`, nil when it is accepted at the time of its signing.
    func refusal(_ request: SigV4Request, body: [UInt8]? = nil, secondsLater: Int64 = 0) throws -> SigV4Rejection? {
        do {
            guard let claim = try SigV4Claim(request) else { return SigV4Rejection(.missingAuthenticationToken, "no signature") }
            try claim.verify(
                request, secretAccessKey: secretAccessKey, body: body ?? self.body, nowSecondsSince1970: try seconds() + secondsLater, service: service, region: region)
            return nil
        } catch let rejection as SigV4Rejection {
            return rejection
        }
    }
}
