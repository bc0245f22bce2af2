using System.Diagnostics;
using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Training.HeartRate;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Fits <see cref="PpgConstants"/> again (<see cref="PpgFit"/>), for each group of people left out in turn and for each set alone, and scores them
/// on those who took no part.
/// </summary>
internal sealed class PpgHeldOut
{
    private static readonly string[] SetNames = ["spc_train", "bami1"];

    private readonly IReadOnlyList<PpgFitRecording> _recordings;
    private readonly string[] _sets;
    private readonly Dictionary<string, string> _files;
    private readonly Report _report;
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public PpgHeldOut(Report report, string spc, string bami)
    {
        _report = report;
        var found = ReferencedRecordings.Find([spc, bami]).GroupBy(r => r.Set)
            .SelectMany(set => report.Quick ? set.Take(PpgFitRecording.GroupCount / 2) : set).ToList();
        _sets = [.. found.Select(r => r.Set).Distinct()];
        _files = found.ToDictionary(r => r.Name, r => r.Path);
        _recordings = PpgFitRecording.From([.. found.Select(r => TrainingData.Read(r, RecordingOptions.None))]);
        Say($"{_recordings.Count} recordings");
    }

    /// <summary>Fits, eight times, and writes what each fit scores on what it has not seen.</summary>
    public void Run(CancellationToken stop)
    {
        foreach (var set in new[] { 0, 1 })
            _report.Add($"{SetNames[set]}_spectra_mae", Of(set).Average(r => PpgFit.MeanError(r.Windows(), PpgConstants.Default)), "/min");
        var groups = Enumerable.Range(0, PpgFitRecording.GroupCount).Select(group => Fit($"without group {group + 1}", r => r.Group != group, stop)).ToArray();
        var sets = new[] { 0, 1 }.Select(set => Fit($"{SetNames[set]} only", r => r.Set == _sets[set], stop)).ToArray();
        foreach (var set in new[] { 0, 1 })
            Add($"held_out_{SetNames[set]}", set, r => groups[r.Group]);
        Add("fitted_on_bami1_spc_train", 0, _ => sets[1]);
        Add("fitted_on_spc_train_bami1", 1, _ => sets[0]);
    }

    private IEnumerable<PpgFitRecording> Of(int set) => _recordings.Where(r => r.Set == _sets[set]);

    private PpgConstants Fit(string name, Func<PpgFitRecording, bool> takes, CancellationToken stop)
    {
        var fitted = PpgFit.Of([.. _recordings.Where(takes)], Told, stop, _report.Quick ? 1 : PpgFit.MostRounds);
        Say($"{name}: {PpgFitConstant.Text(fitted)}");
        return fitted;

        void Told(int round, double error) =>
            Say(string.Create(CultureInfo.InvariantCulture, $"{name}: {(round == 0 ? "starts from" : $"round {round},")} {error:F3}"));
    }

    /// <summary>The error of the whole stage with these constants, and that of its spectra alone, which was minimised.</summary>
    private void Add(string name, int set, Func<PpgFitRecording, PpgConstants> constants)
    {
        _report.Add($"{name}_mae", Of(set).Average(r => PpgAccuracy.Score(_files[r.Name], constants(r)).MeanError), "/min");
        _report.Add($"{name}_spectra_mae", Of(set).Average(r => PpgFit.MeanError(r.Windows(), constants(r))), "/min");
    }

    private void Say(string text) => _report.Remark(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,4:F0} s  {text}"));
}
