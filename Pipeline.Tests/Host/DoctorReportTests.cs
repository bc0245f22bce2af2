using System.Text.Json;
using Pipeline.Host.Configuration;
using Pipeline.Host.Diagnosis;
using Pipeline.Host.Errors;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class DoctorReportTests
{
    [Fact]
    public void A_failed_check_is_followed_by_how_to_mend_it_and_gives_exit_1()
    {
        var output = new StringWriter();
        var report = new DoctorReport(output, json: false);

        report.Add(new Finding("clock", Verdict.Ok, "right"));
        report.Add(new Finding("Kafka", Verdict.Fail, "does not answer", "start it"));

        Assert.Equal(ExitCode.Failed, report.Close());
        var lines = output.ToString().Split(Environment.NewLine);
        Assert.StartsWith("ok    clock", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("→ start it", lines[2], StringComparison.Ordinal);
        Assert.Equal("1 ok, 0 to look at, 1 failed", lines[3]);
    }

    [Fact]
    public void As_JSON_each_line_is_one_object_and_a_warning_does_not_fail()
    {
        var output = new StringWriter();
        var report = new DoctorReport(output, json: true);

        report.Add(new Finding("rights", Verdict.Warn, "a \"quoted\" folder", "change it"));

        Assert.Equal(ExitCode.Ok, report.Close());
        using var finding = JsonDocument.Parse(output.ToString());
        Assert.Equal("warn", finding.RootElement.GetProperty("verdict").GetString());
        Assert.Equal("a \"quoted\" folder", finding.RootElement.GetProperty("found").GetString());
    }

    [Fact]
    public async Task The_checks_of_this_machine_come_before_those_of_the_servers()
    {
        var checks = new List<Finding>();
        await foreach (var finding in Examination.RunAsync(Settings.Load(null, Array.Empty<string>()), TimeProvider.System, CancellationToken.None))
        {
            checks.Add(finding);
            if (finding.Check == "clock")
                break;
        }

        Assert.Equal([".NET SDK", "Kafka client", "rights", "clock"], checks.Select(finding => finding.Check));
        Assert.DoesNotContain(checks, finding => finding.Verdict == Verdict.Fail);
    }
}
