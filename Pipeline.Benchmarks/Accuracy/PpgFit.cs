using System.Diagnostics;
using System.Globalization;
using Pipeline.Models.Estimators;
using Pipeline.Training;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Fits <see cref="PpgConstants"/> again and scores them on subjects that took no part: coordinate descent on the mean absolute error of
/// <see cref="PpgEvidence"/> and <see cref="PpgRateBelief"/> over windows whose spectra the stage made once, from round numbers, for six groups of
/// subjects left out in turn and for each set alone. The recordings fitted on take part with distorted copies (<see cref="PpgDistortion"/>).
/// </summary>
internal sealed class PpgFit
{
    private const int Folds = 6;
    private const int MostRounds = 12;
    private const int LeastRounds = 5;
    private const double StepDecay = 0.6;
    private const double LeastStep = 0.2;         // of the first step, in the logarithm
    private const double LeastGain = 1e-4;        // per minute
    private const double CopyWeight = 0.3;
    private const double MostCopyError = 15;      // per minute: a copy may be beyond hope
    private const double MassReach = 10;
    private static readonly string[] SetNames = ["spc_train", "bami1"];

    private readonly List<(PpgFitRecording Recording, PpgFitWindow[] Windows)> _all = [];
    private readonly Report _report;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _writing = new();

    public PpgFit(Report report, string spc, string bami)
    {
        _report = report;
        var files = Files(spc, "train_*.hea").Select(file => (file, 0)).Concat(Files(bami, "bami1_*.hea").Select(file => (file, 1)));
        var made = files.Select((one, index) => PpgFitRecording.Read(one.file, one.Item2, index % Folds)).ToList();
        for (var i = 0; i < made.Count; i++)
        {
            _all.Add((made[i], made[i].Windows()));
            for (var kind = 0; kind < PpgDistortion.Kinds; kind++)
            {
                var copy = PpgDistortion.Of(made, i, kind);
                _all.Add((copy, copy.Windows()));
            }
        }
        Say($"{made.Count} recordings, {PpgDistortion.Kinds} distorted copies of each, {_all.Sum(one => one.Windows.Length)} windows");
    }

    /// <summary>Fits, eight times, and writes what each fit scores on what it has not seen.</summary>
    public void Run(CancellationToken stop)
    {
        foreach (var set in new[] { 0, 1 })
            _report.Add($"{SetNames[set]}_spectra_mae", Score(PpgConstants.Default, r => r.Set == set).Average(), "/min");
        // One for each fold left out, one for each set left out: the longest first.
        var fitted = new PpgConstants[Folds + 2];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop };
        Parallel.For(0, fitted.Length, parallel, fit =>
        {
            bool Takes(PpgFitRecording r) => fit < Folds ? r.Fold != fit : r.Set == fit - Folds;
            fitted[fit] = Descend(fit < Folds ? $"without group {fit + 1}" : $"{SetNames[fit - Folds]} only", [.. _all.Where(one => Takes(one.Recording))], stop);
        });
        foreach (var set in new[] { 0, 1 })
            Add($"held_out_{SetNames[set]}", set, r => fitted[r.Fold]);
        Add("fitted_on_bami1_spc_train", 0, _ => fitted[Folds + 1]);
        Add("fitted_on_spc_train_bami1", 1, _ => fitted[Folds]);
    }

    private List<string> Files(string folder, string pattern)
    {
        var files = Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).ToList();
        return _report.Quick ? files[..Math.Min(Folds / 2, files.Count)] : files;
    }

    /// <summary>The error of the whole stage with these constants, and that of its spectra alone, which was minimised.</summary>
    private void Add(string name, int set, Func<PpgFitRecording, PpgConstants> constants)
    {
        var made = _all.Where(one => one.Recording.Set == set && !one.Recording.IsCopy).ToList();
        _report.Add($"{name}_mae", made.Average(one => PpgAccuracy.Score(one.Recording.File, constants(one.Recording)).MeanError), "/min");
        _report.Add($"{name}_spectra_mae", made.Average(one => MeanError(one.Windows, constants(one.Recording), double.MaxValue)), "/min");
    }

    private IEnumerable<double> Score(PpgConstants constants, Func<PpgFitRecording, bool> takes) =>
        _all.Where(one => !one.Recording.IsCopy && takes(one.Recording)).Select(one => MeanError(one.Windows, constants, double.MaxValue));

    private PpgConstants Descend(string name, List<(PpgFitRecording Recording, PpgFitWindow[] Windows)> taken, CancellationToken stop)
    {
        var best = PpgFitConstant.Starts;
        var least = Loss(taken, best);
        Say(string.Create(CultureInfo.InvariantCulture, $"{name}: starts from {least:F3}"));
        var steps = new double[PpgFitConstant.All.Length];
        Array.Fill(steps, 1);
        for (var round = 0; round < (_report.Quick ? 1 : MostRounds); round++)
        {
            var gained = false;
            for (var i = 0; i < steps.Length; i++)
            {
                stop.ThrowIfCancellationRequested();
                if (steps[i] < LeastStep)
                    continue;
                if (Step(taken, PpgFitConstant.All[i], -steps[i], ref best, ref least) || Step(taken, PpgFitConstant.All[i], steps[i], ref best, ref least))
                    gained = true;
                else
                    steps[i] *= StepDecay;
            }
            Say(string.Create(CultureInfo.InvariantCulture, $"{name}: round {round + 1}, {least:F3}"));
            if (!gained && round >= LeastRounds)
                break;
        }
        Say($"{name}: {PpgFitConstant.Text(best)}");
        return best;
    }

    /// <summary>Goes on in one direction as long as the error falls; true when it did.</summary>
    private static bool Step(
        List<(PpgFitRecording, PpgFitWindow[])> taken, PpgFitConstant constant, double step, ref PpgConstants best, ref double least)
    {
        var gained = false;
        while (true)
        {
            var tried = constant.With(best, constant.Get(best) * Math.Pow(constant.Step, step));
            var loss = Loss(taken, tried);
            if (!(loss < least - LeastGain))
                return gained;
            (best, least, gained) = (tried, loss, true);
        }
    }

    /// <summary>Mean over the sets of the mean over the recordings, and of their copies with less weight.</summary>
    private static double Loss(List<(PpgFitRecording Recording, PpgFitWindow[] Windows)> taken, PpgConstants constants) =>
        taken.GroupBy(one => one.Recording.Set).Average(set =>
            set.Where(one => !one.Recording.IsCopy).Average(one => MeanError(one.Windows, constants, double.MaxValue))
            + CopyWeight * set.Where(one => one.Recording.IsCopy).Average(one => MeanError(one.Windows, constants, MostCopyError)));

    private static double MeanError(PpgFitWindow[] windows, PpgConstants constants, double most)
    {
        var scratch = PpgScratch.OfThread;
        var belief = new PpgRateBelief(constants);
        var (judged, count) = (false, 0);
        double rate = 75, sum = 0;
        for (var i = 0; i < windows.Length; i++)
        {
            ref readonly var window = ref windows[i];
            if (i > 0)
                belief.Advance();
            if (window.Pulse is not null)
            {
                var motion = scratch.MotionPower.AsSpan(0, window.Motion!.Length);   // a copy: judging changes it
                window.Motion.CopyTo(motion);
                scratch.Evidence.Judge(window.Pulse, window.Cleaned, window.Channels, motion, window.Axes, !judged, constants, scratch.Likelihood);
                judged = true;
                belief.Weigh(scratch.Likelihood);
                rate = belief.Read(scratch.Evidence.Spectrum, MassReach).Rate;
            }
            if (double.IsNaN(window.Reference))
                continue;
            sum += Math.Min(Math.Abs(rate - window.Reference), most);
            count++;
        }
        return count == 0 ? 0 : sum / count;
    }

    private void Say(string text)
    {
        lock (_writing)
            _report.Remark(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,4:F0} s  {text}"));
    }
}
