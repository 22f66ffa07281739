import AdvPOBedrock
import Testing

@testable import AdvPOObjects

@Suite("An S3 endpoint")
struct S3EndpointTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// Nil for Amazon's own.
        var endpoint: String?
        var region = "us-east-1"
        var style = S3Endpoint.Style.auto
        var bucket: String
        var url: String
        var testDescription: String { "\(endpoint ?? region) \(style) \(bucket)" }
    }

    @Test("names buckets by host or by path", arguments: [
        Case(bucket: "data", url: "https://data.s3.us-east-1.amazonaws.com/k"),
        Case(region: "eu-west-1", bucket: "da.ta", url: "https://s3.eu-west-1.amazonaws.com/da.ta/k"),
        Case(style: .virtual, bucket: "da.ta", url: "https://da.ta.s3.us-east-1.amazonaws.com/k"),
        Case(style: .path, bucket: "data", url: "https://s3.us-east-1.amazonaws.com/data/k"),
        Case(region: "cn-north-1", bucket: "data", url: "https://data.s3.cn-north-1.amazonaws.com.cn/k"),
        Case(region: "us-gov-west-1", bucket: "data", url: "https://data.s3.us-gov-west-1.amazonaws.com/k"),
        Case(region: "us-iso-east-1", bucket: "data", url: "https://data.s3.us-iso-east-1.c2s.ic.gov/k"),
        Case(region: "us-isob-east-1", bucket: "data", url: "https://data.s3.us-isob-east-1.sc2s.sgov.gov/k"),
        Case(region: "eusc-de-east-1", bucket: "data", url: "https://data.s3.eusc-de-east-1.amazonaws.eu/k"),
        Case(endpoint: "http://127.0.0.1:9000", bucket: "data", url: "http://127.0.0.1:9000/data/k"),
        Case(endpoint: "http://[::1]:9000/", bucket: "data", url: "http://[::1]:9000/data/k"),
        Case(endpoint: "HTTPS://Minio.Example:443", bucket: "data", url: "https://minio.example/data/k"),
        Case(endpoint: "https://minio.example:8443", style: .virtual, bucket: "data", url: "https://data.minio.example:8443/k"),
        Case(endpoint: "https://s3.eu-west-1.amazonaws.com", bucket: "data", url: "https://data.s3.eu-west-1.amazonaws.com/k"),
    ])
    func locates(_ item: Case) throws {
        let settings = try S3Settings(endpoint: item.endpoint, region: item.region, style: item.style, environment: [:], profileRegion: nil)
        let location = settings.endpoint.location(bucket: item.bucket, key: "k", region: item.region)
        #expect(location.origin + location.path == item.url)
        #expect(item.url.split(separator: "/")[1] == location.host)
    }

    @Test("encodes what signatures encode")
    func encodes() {
        #expect(PercentEncoding.encoded("a/b-c_d.e!*'()", keeping: "/") == "a/b-c_d.e%21%2A%27%28%29")
        #expect(PercentEncoding.encoded("a/b=ü") == "a%2Fb%3D%C3%BC")
    }

    @Test("is refused with what is wrong", arguments: [
        ("127.0.0.1:9000", "it does not begin with http:// or https://"),
        ("ftp://host", "it does not begin with http:// or https://"),
        ("http://", "its host is no host name or IP address"),
        ("http://host:0", "its port is no number from 1 to 65535"),
        ("http://host:x", "its port is no number from 1 to 65535"),
        ("http://ho st", "its host is no host name or IP address"),
        ("http://host/path", "it has a path, query or fragment; give scheme, host and port alone"),
        ("http://host?x", "it has a path, query or fragment; give scheme, host and port alone"),
        ("http://key:secret@host", "it holds a user name; keys come from the credential chain"),
        ("http://[::1", "its host is no host name or IP address"),
    ])
    func refuses(text: String, reason: String) {
        let error = #expect(throws: S3SettingsError.self) { try S3Endpoint(parsing: text, style: .auto) }
        guard case .endpoint(let shown, let found) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(found == reason)
        #expect(!shown.contains("secret"))
    }

    @Test("before an IP address nothing can stand")
    func refusesVirtualAddress() {
        for text in ["http://127.0.0.1:9000", "http://[::1]"] { #expect(throws: S3SettingsError.self) { try S3Endpoint(parsing: text, style: .virtual) } }
    }

    @Test("and region come from settings, then from AWS's variables, then from the profile")
    func resolves() throws {
        let environment = ["AWS_ENDPOINT_URL": "http://general", "AWS_ENDPOINT_URL_S3": "http://special", "AWS_REGION": "r-1", "AWS_DEFAULT_REGION": "r-2"]
        func settings(_ endpoint: String?, _ region: String?, _ environment: [String: String], _ profile: String? = nil) throws -> String {
            let settings = try S3Settings(endpoint: endpoint, region: region, style: .auto, environment: environment, profileRegion: profile)
            return "\(settings.endpoint.description) \(settings.region)"
        }
        #expect(try settings("http://own", "r-0", environment) == "http://own r-0")
        #expect(try settings(nil, nil, environment) == "http://special r-1")
        #expect(try settings(nil, nil, ["AWS_ENDPOINT_URL": "http://general", "AWS_DEFAULT_REGION": "r-2"], "r-3") == "http://general r-2")
        #expect(try settings(nil, nil, ["AWS_ENDPOINT_URL_S3": ""], "r-3") == "https://s3.r-3.amazonaws.com r-3")
        #expect(try settings("http://own", nil, [:]) == "http://own us-east-1")
        #expect(throws: S3SettingsError.noRegion) { try settings(nil, nil, [:]) }
        #expect(throws: S3SettingsError.region("evil.example/")) { try settings(nil, "evil.example/", [:]) }
    }
}

@Suite("An answer of S3 in XML")
struct S3XMLTests {
    @Test("is read into elements, after blanks and with a namespace")
    func reads() throws {
        let text = " \n<?xml version=\"1.0\"?><a xmlns=\"http://x/\"><b>1 &amp; 2</b><b><![CDATA[<3>]]></b><n:c xmlns:n=\"http://y/\"/></a>"
        let document = try S3XML.parse(Array(text.utf8))
        #expect(document.name == "a")
        #expect(document.children.map(\.name) == ["b", "b", "c"])
        #expect(document.children.map(\.text) == ["1 & 2", "<3>", ""])
        #expect(document["b"] == "1 & 2")
    }

    @Test("is refused when it is hostile or broken", arguments: [
        "", "no XML", "<a><b></a>", "<a>\0</a>", "<a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        String(repeating: "<a>", count: 13) + String(repeating: "</a>", count: 13),
        "<a>" + String(repeating: "<b/>", count: 100_000) + "</a>",
        "<a>" + String(repeating: "x", count: 65_537) + "</a>",
    ])
    func refuses(text: String) {
        #expect(throws: S3XML.Fault.self) { try S3XML.parse(Array(text.utf8)) }
    }

    @Test("at its limits is read")
    func readsLimits() throws {
        #expect(try S3XML.parse(Array((String(repeating: "<a>", count: 12) + String(repeating: "</a>", count: 12)).utf8)).name == "a")
        #expect(try S3XML.parse(Array(("<a>" + String(repeating: "x", count: 65_536) + "</a>").utf8)).text.utf8.count == 65_536)
        #expect(throws: S3XML.Fault.self) { try S3XML.parse([UInt8](repeating: 0x20, count: (8 << 20) + 1)) }
    }
}
