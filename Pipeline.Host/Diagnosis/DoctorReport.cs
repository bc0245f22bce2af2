using System.Text.Json;
using Pipeline.Host.Errors;

namespace Pipeline.Host.Diagnosis;

/// <summary>Writes findings as they come, for a person or one JSON object a line.</summary>
/// <param name="output">Where to.</param>
/// <param name="json">Whether as JSON.</param>
internal sealed class DoctorReport(TextWriter output, bool json)
{
    private readonly int[] _count = new int[3];

    /// <summary>Writes one finding.</summary>
    public void Add(Finding finding)
    {
        _count[(int)finding.Verdict]++;
        var verdict = finding.Verdict switch { Verdict.Ok => "ok", Verdict.Warn => "warn", _ => "fail" };
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new { check = finding.Check, verdict, found = finding.Found, mend = finding.Mend }));
            return;
        }
        output.WriteLine($"{verdict,-5} {finding.Check,-18} {finding.Found}");
        if (finding.Mend.Length > 0)
            output.WriteLine($"{"",-5} {"",-18} → {finding.Mend}");
    }

    /// <summary>The last line, and the exit code: 1 on any fail.</summary>
    public int Close()
    {
        if (!json)
            output.WriteLine($"{_count[(int)Verdict.Ok]} ok, {_count[(int)Verdict.Warn]} to look at, {_count[(int)Verdict.Fail]} failed");
        return _count[(int)Verdict.Fail] > 0 ? ExitCode.Failed : ExitCode.Ok;
    }
}
