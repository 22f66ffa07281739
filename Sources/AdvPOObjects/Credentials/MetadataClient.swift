import AdvPOBedrock
import AdvPOModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import OrderedCollections

/// Asks the small HTTP services that hand out credentials inside AWS: bounded answers, short time limits, no redirects, no proxy.
struct MetadataClient: Sendable {
    static let maximumAnswerBytes = 64 * 1024

    struct Fault: Error {
        var status: Int?
        var reason: String
    }

    /// As in boto3: 1 s, since the address either is on this host or is nowhere.
    private static let http = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(1)
        configuration.timeout.read = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    func text(_ method: HTTPMethod, _ url: String, headers: [(String, String)]) async throws(Fault) -> String {
        var request = HTTPClientRequest(url: url)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let bytes: [UInt8]
        do {
            let response = try await Self.http.execute(request, deadline: .now() + .seconds(5))
            guard response.status == .ok else { throw Fault(status: Int(response.status.code), reason: "it answered with HTTP status \(response.status.code)") }
            bytes = Array(try await response.body.collect(upTo: Self.maximumAnswerBytes).readableBytesView)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(reason: "it cannot be asked: \(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(reason: "its answer is not UTF-8 text") }
        return text
    }

    /// The answer that both services give: `AccessKeyId`, `SecretAccessKey`, `Token` and `Expiration`.
    func credentials(_ url: String, headers: [(String, String)]) async throws(Fault) -> FoundCredentials {
        let answer: JSONValue
        let text = try await text(.GET, url, headers: headers)
        do {
            answer = try JSONValue(parsing: Array(text.utf8))
        } catch {
            // The answer is not shown: it may hold a secret.
            throw Fault(reason: "its answer is not JSON")
        }
        let values = answer.objectValue
        if let code = values?["Code"]?.stringValue, code != "Success" { throw Fault(reason: "it answered with the code '\(String(code.prefix(80)).visible)'") }
        guard let identifier = values?["AccessKeyId"]?.stringValue, let secret = values?["SecretAccessKey"]?.stringValue, !identifier.isEmpty, !secret.isEmpty else {
            throw Fault(reason: "its answer has no AccessKeyId and SecretAccessKey")
        }
        var expiry: Int64?
        if let text = values?["Expiration"]?.stringValue {
            guard let seconds = Self.seconds(text) else { throw Fault(reason: "its answer has an Expiration that is no time") }
            expiry = seconds
        }
        let credentials = SigningCredentials(accessKeyID: identifier, secretAccessKey: secret, sessionToken: values?["Token"]?.stringValue)
        return FoundCredentials(credentials: credentials, expirySecondsSince1970: expiry)
    }

    /// `2026-05-14T09:30:00Z`, with or without a fraction.
    static func seconds(_ text: String) -> Int64? {
        for style in [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)] {
            if let date = try? style.parse(text) { return Int64(date.timeIntervalSince1970.rounded(.down)) }
        }
        return nil
    }
}
