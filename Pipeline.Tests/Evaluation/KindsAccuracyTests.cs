using System.Globalization;
using System.Text.Json;
using Pipeline.Benchmarks;
using Pipeline.Benchmarks.Kinds;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Evaluation;

/// <summary><c>bench kinds</c> on a folder a kind of signal.</summary>
public sealed class KindsAccuracyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Beats_and_rates_are_scored_by_kind()
    {
        WriteEcg("sinus", EcgKindSimulator.Draw(EcgKind.Sinus, 1, 40, 250), dropEvery: 0);
        WriteEcg("half", EcgKindSimulator.Draw(EcgKind.Sinus, 1, 40, 250), dropEvery: 2);
        WritePpg("rest", offset: 0);
        WritePpg("lost", offset: 40);

        var figures = await RunAsync();

        Assert.Equal(100, figures["sinus_f1"]);
        Assert.Equal(0, figures["sinus_wrong_at_good_quality"]);
        Assert.InRange(figures["half_f1"], 60, 72);     // every second reference is not there: precision 50 %
        Assert.InRange(figures["half_wrong_at_good_quality"], 90, 100);
        Assert.InRange(figures["rest_classical_mae"], 0, 4);
        Assert.Equal(0, figures["rest_classical_lost_tracks"]);
        Assert.InRange(figures["lost_classical_mae"], 34, 46);
        Assert.Equal(1, figures["lost_classical_lost_tracks"]);
        Assert.InRange(figures["lost_classical_wrong_at_good_quality"], 80, 100);
    }

    private async Task<Dictionary<string, double>> RunAsync()
    {
        var output = new StringWriter();
        var benchmark = new KindsAccuracy();
        var report = new Report(output, TextWriter.Null, json: true, quick: false) { Data = _folder.Path };
        report.Begin(benchmark);
        await benchmark.RunAsync(report, CancellationToken.None);
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(f => f.GetProperty("metric").GetString()!, f => f.GetProperty("value").GetDouble());
    }

    private void WriteEcg(string kind, EcgOfKind ecg, int dropEvery)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, kind)).FullName;
        var signals = ecg.Leads.Select((lead, l) => ($"V{l + 1}", "1000(0)/mV", Array.ConvertAll(lead, v => (short)Math.Round(1000 * v)))).ToArray();
        var path = WfdbFiles.Write(folder, kind, ecg.RateHz, signals);
        var words = new List<ushort>();
        var last = 0;
        foreach (var sample in ecg.Beats.Where((_, b) => dropEvery == 0 || b % dropEvery != 0).Select(b => (int)Math.Round(b.Seconds * ecg.RateHz)))
        {
            words.Add((ushort)(1 << 10 | sample - last));
            last = sample;
        }
        File.WriteAllBytes(Path.ChangeExtension(path, ".atr"), [.. words.Append((ushort)0).SelectMany(BitConverter.GetBytes)]);
    }

    private void WritePpg(string kind, double offset)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, kind)).FullName;
        var (path, beats) = SimulatedRecording.Write(folder, kind, "ppg", 60);
        var rows = new List<string> { "t_start_s,t_end_s,hr_bpm" };
        for (var start = 0; start + 8 <= 60; start += 2)
            rows.Add(string.Create(CultureInfo.InvariantCulture, $"{start},{start + 8},{TrueBeat.HeartRate(beats, start, start + 8) + offset:F3}"));
        File.WriteAllLines(Path.ChangeExtension(path, ".ref.csv"), rows);
    }
}
