using System.Globalization;
using System.Text.Json;
using Pipeline.Host.Commands;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Evaluation;

/// <summary><c>evaluate</c> on two simulated recordings, with its report in a folder of the test.</summary>
public abstract class EvaluatedRecordings : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private protected string FolderPath => _folder.Path;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected string Report => Path.Combine(_folder.Path, "report.html");

    private protected string Data(params string[] names)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "data")).FullName;
        foreach (var (name, index) in (names.Length > 0 ? names : ["a", "b"]).Select((name, index) => (name, index)))
        {
            var (path, beats) = SimulatedRecording.Write(folder, name, "ppg", 41, SimulatedWard.Bed(index, 5, new(0), 0, default));
            File.WriteAllLines(Path.ChangeExtension(path, ".ref.csv"), Enumerable.Range(0, 17)
                .Select(w => string.Create(CultureInfo.InvariantCulture, $"{2 * w},{2 * w + 8},{TrueBeat.HeartRate(beats, 2 * w, 2 * w + 8):F2}"))
                .Prepend("t_start_s,t_end_s,hr_bpm"));
        }
        return folder;
    }

    private protected JsonDocument Figures() => JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(Report, ".json")));

    private protected List<Dictionary<string, string>> Rows(string ending)
    {
        var lines = File.ReadAllLines(Path.ChangeExtension(Report, ending));
        var columns = lines[0].Split(',');
        return [.. lines.Skip(1).Select(line => columns.Zip(line.Split(',')).ToDictionary(c => c.First, c => c.Second))];
    }

    private protected static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private protected static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(arguments, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }
}
