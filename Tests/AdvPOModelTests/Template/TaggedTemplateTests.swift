import AdvPOModel
import Testing

@Suite struct TaggedTemplateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var source: String
        /// `F(…)` and `O(…)` per region.
        var regions: String
        var testDescription: String { source }
    }

    @Test(
        "a template is split into frozen and open regions",
        arguments: [
            Case(source: "plain {{x}}", regions: "O(plain {{x}})"),
            Case(source: "", regions: "O()"),
            Case(source: "a<advpo:optimize>b</advpo:optimize>c", regions: "F(a)O(b)F(c)"),
            Case(source: "a<advpo:exclude>b</advpo:exclude>c", regions: "O(a)F(b)O(c)"),
            Case(source: "<advpo:exclude>all</advpo:exclude>", regions: "F(all)"),
            Case(source: "a<advpo:exclude></advpo:exclude>b", regions: "O(ab)"),
            Case(source: "a<advpo:optimize></advpo:optimize>b", regions: "F(a)O()F(b)"),
            Case(source: "a<advpo:optimize> \n</advpo:optimize>", regions: "F(a)O( \n)"),
            Case(source: "<advpo:exclude>a</advpo:exclude>b<advpo:optimize>c</advpo:optimize>d", regions: "F(ab)O(c)F(d)"),
            Case(source: "<advpo:optimize>a</advpo:optimize><advpo:optimize>b</advpo:optimize>", regions: "O(a)O(b)"),
            Case(source: "<advpo:exclude>a</advpo:exclude><advpo:exclude>b</advpo:exclude>c", regions: "F(ab)O(c)"),
            Case(source: "in<advpo:exclude>mid</advpo:exclude>word {{v}}", regions: "O(in)F(mid)O(word {{v}})"),
            Case(source: "<advpo:optimize>{{v}} {\"a\": {\"b\": 1}}</advpo:optimize>", regions: "O({{v}} {\"a\": {\"b\": 1}})"),
            Case(source: "a < advpo and <advpo> and <other:optimize>", regions: "O(a < advpo and <advpo> and <other:optimize>)"),
        ])
    func regions(_ item: Case) throws {
        let template = try TaggedTemplate(item.source)
        #expect(template.regions.map { "\($0.kind == .frozen ? "F" : "O")(\($0.text))" }.joined() == item.regions)
        #expect(template.hasOpenEnds != item.source.contains("<advpo:optimize>"))
    }

    @Test(
        "every fault of the tags is reported at once, with its position",
        arguments: [
            ("<advpo:optimize>a", ["line 1, column 1 of the template: <advpo:optimize> is not closed; write </advpo:optimize> after the region"]),
            ("é\nab</advpo:exclude>", ["line 2, column 3 of the template: </advpo:exclude> closes nothing; write <advpo:exclude> before the region, or remove it"]),
            (
                "<advpo:optimize>a<advpo:exclude>b</advpo:exclude></advpo:optimize>",
                ["line 1, column 18 of the template: <advpo:exclude> stands inside <advpo:optimize> opened at line 1, column 1; tags do not nest: close the outer one first"]
            ),
            (
                "<advpo:optimise>a</advpo:optimise>",
                [
                    "line 1, column 1 of the template: the tag \"<advpo:optimise>\" is malformed or misspelled; write <advpo:optimize>, in lower case, without blanks or attributes",
                    "line 1, column 18 of the template: the tag \"</advpo:optimise>\" is malformed or misspelled; write </advpo:optimize>, in lower case, without blanks or attributes",
                ]
            ),
            (
                "<advpo:optimize>a</advpo:optimise>",
                [
                    "line 1, column 18 of the template: the tag \"</advpo:optimise>\" is malformed or misspelled; write </advpo:optimize>, in lower case, without blanks or attributes"
                ]
            ),
            (
                "<ADVPO:Exclude>a</advpo:exclude>",
                ["line 1, column 1 of the template: the tag \"<ADVPO:Exclude>\" is malformed or misspelled; write <advpo:exclude>, in lower case, without blanks or attributes"]
            ),
            (
                "< advpo:exclude >a</ advpo : exclude>",
                [
                    "line 1, column 1 of the template: the tag \"< advpo:exclude >\" is malformed or misspelled; write <advpo:exclude>, in lower case, without blanks or attributes",
                    "line 1, column 19 of the template: the tag \"</ advpo : exclude>\" is malformed or misspelled; write </advpo:exclude>, in lower case, without blanks or attributes",
                ]
            ),
            ("<advpo:keep>", ["line 1, column 1 of the template: the tag \"<advpo:keep>\" is not known; the tags are <advpo:optimize>, <advpo:exclude> and their closing forms"]),
            (
                "<advpo:optimize\na</advpo:optimize>",
                ["line 1, column 1 of the template: the tag \"<advpo:optimize\" has no `>`; write <advpo:optimize>"]
            ),
            (
                "<advpo:optimize mode=\"x\">a</advpo:optimize>",
                [
                    #"line 1, column 1 of the template: the tag "<advpo:optimize mode=\"x\">" is malformed or misspelled; write <advpo:optimize>, in lower case, without blanks or attributes"#
                ]
            ),
            (
                "{{na<advpo:exclude>me}}</advpo:exclude>",
                ["line 1, column 5 of the template: a tag stands inside the placeholder {{name}}; move it before or after the placeholder"]
            ),
            (
                "<advpo:exclude>a<advpo:exclude>b</advpo:exclude>",
                [
                    "line 1, column 1 of the template: <advpo:exclude> is not closed; write </advpo:exclude> after the region",
                    "line 1, column 17 of the template: <advpo:exclude> stands inside <advpo:exclude> opened at line 1, column 1; tags do not nest: close the outer one first",
                ]
            ),
        ])
    func faults(source: String, expected: [String]) {
        let error = #expect(throws: TaggedTemplateFaults.self) { try TaggedTemplate(source) }
        #expect(error?.description == expected.joined(separator: "\n"))
    }
}
