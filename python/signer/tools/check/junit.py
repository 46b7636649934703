"""The report as JUnit's XML: a suite for each group, and a case for each check."""

from xml.etree import ElementTree as ET

from .checks import Verdict
from .report import Report
from .running import Outcome

FAILURES = (Verdict.WRONG, Verdict.MANNERS)


def junit(outcome: Outcome, report: Report) -> bytes:
    """The XML. A difference is a failure of its verdict's type; what is not there is skipped."""
    suites = ET.Element("testsuites", name=f"signer check {outcome.url}")
    for group in outcome.groups:
        results = [result for result in outcome.results if result.group == group.name]
        failures = sum(outcome.count(verdict, group.name) for verdict in FAILURES)
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=group.name,
            tests=str(len(results)),
            failures=str(failures),
            skipped=str(outcome.count(Verdict.NOT_THERE, group.name)),
        )
        for result in results:
            case = ET.SubElement(suite, "testcase", classname=group.name, name=result.check.title)
            if result.verdict in FAILURES:
                failure = ET.SubElement(case, "failure", type=result.verdict.value)
                failure.set("message", result.found)
                failure.text = report.failure(result)
            if result.verdict is Verdict.NOT_THERE:
                ET.SubElement(case, "skipped", message=result.found)
    if outcome.stopped:
        suite = ET.SubElement(suites, "testsuite", name="the run", tests="1", errors="1")
        case = ET.SubElement(suite, "testcase", classname="the run", name="it came to its end")
        ET.SubElement(case, "error", message=outcome.stopped)
    ET.indent(suites)
    document: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document
