using Pipeline.Benchmarks.Accuracy;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Training.HeartRate;

namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// What <see cref="PpgPresenceFit"/> is fitted to: windows of <see cref="PpgKinds"/> but those that are left out, of
/// <see cref="PpgSession"/>, and of recordings, as they are and changed. A window with a pulse counts where the rate, as it were without a
/// verdict, is within 5 per minute of the truth, one of atrial fibrillation that is farther off as one without.
/// </summary>
/// <param name="model">Network that gives the rate; null: the classical estimate.</param>
/// <param name="quick">Whether the fewest are wanted.</param>
internal sealed class PpgPresenceExamples(RateModel? model, bool quick)
{
    private const double WindowSeconds = 8, Near = 5, UsualRate = 75;
    private const int Seeds = 12, SimulatedEvery = 4, ChangedEvery = 3;

    private static readonly (double Speed, int Channel, bool HasMotion)[] Changes =
        [(0.8, -1, true), (1.25, -1, true), (1, 0, true), (0.9, 1, true), (1.1, -1, false)];

    /// <summary>A window of a signal.</summary>
    /// <param name="Features">Null where no PPG can be used.</param>
    /// <param name="Value">Rate per minute without a verdict; NaN: none.</param>
    /// <param name="Truth">Rate per minute; 0 without a pulse; NaN: not known.</param>
    public readonly record struct Example(float[]? Features, double Value, double Truth)
    {
        /// <summary>Whether the rate is right.</summary>
        public bool IsNear => Truth > 0 && Math.Abs(Value - Truth) <= Near;
    }

    private readonly List<(string Kind, string Recording, Example[] Windows)> _signals = [];

    /// <summary>Simulates those with the seeds for fitting.</summary>
    public void Simulate(CancellationToken stop)
    {
        string[] kinds = [.. PpgKinds.WithoutPulse, .. PpgKinds.Hard, .. PpgKinds.Stopping, .. PpgKinds.InOrder];
        for (var seed = 1; seed <= (quick ? 1 : Seeds); seed++)
        {
            foreach (var (kind, beside) in kinds.SelectMany(kind => PpgKinds.Besides.Select(beside => (kind, beside))))
            {
                stop.ThrowIfCancellationRequested();
                var signal = PpgKinds.Of(kind, beside, seed, quick ? 60 : double.NaN);
                Take(kind, "", signal.Chunks(), start => TruthOf(kind, signal, start), SimulatedEvery);
            }
            foreach (var kind in Enum.GetValues<PpgKind>())
            {
                var session = PpgSession.Draw(kind, new Random(seed));
                var layout = new ChannelLayout([
                    .. session.Ppg.Select((_, c) => new Channel($"PPG{c}", SignalKind.Ppg, "1")),
                    .. session.Acc.Select((_, a) => new Channel($"ACC{a}", SignalKind.Acc, "g"))]);
                Take($"{kind}", "", StreamRun.Chunks([.. session.Ppg, .. session.Acc], layout, session.RateHz),
                    start => session.RateIn(start, start + WindowSeconds), SimulatedEvery);
            }
        }
    }

    /// <summary>Reads the recordings of the data sets that are there; their names.</summary>
    public string[] Read(Report report, CancellationToken stop)
    {
        string[] folders = [.. new[] { "spc2015", "bami", "bidmc" }.Select(set => RecordingsFolder.Find(report, set)).OfType<string>()];
        if (folders.Length == 0)
            return [];
        foreach (var one in PpgFitRecording.From(TrainingData.Read(folders, RecordingOptions.None)).Where(r => !quick || r.Place < 2))
        {
            stop.ThrowIfCancellationRequested();
            Take(one.Set, one.Name, one.Chunks(), one.RateAt, 1);
            if (one.Motion.Length == 0)
                continue;
            foreach (var (speed, channel, hasMotion) in Changes)
            {
                var pulse = channel < 0 ? one.Pulse : [one.Pulse[Math.Min(channel, one.Pulse.Length - 1)]];
                var changed = one.Augmented(speed, pulse, hasMotion ? one.Motion : []);
                Take(one.Set, $"{one.Name} changed", changed.Chunks(), changed.RateAt, ChangedEvery);
            }
        }
        return [.. _signals.Select(s => s.Recording).Where(name => name.Length > 0 && !name.EndsWith(" changed", StringComparison.Ordinal))];
    }

    /// <summary>The windows that a fit takes, without those of some recordings.</summary>
    public List<PpgPresenceRow> Rows(IReadOnlyCollection<string> without)
    {
        var taken = _signals.Where(s => !without.Contains(s.Recording.Replace(" changed", "", StringComparison.Ordinal)))
            .SelectMany(s => s.Windows.Where(w => w.Features is not null && (w.Truth == 0 || w.IsNear || s.Kind == "fibrillation" && w.Truth > 0
                && double.IsFinite(w.Value))).Select(w => (Kind: w.Truth > 0 && !w.IsNear ? $"{s.Kind}, wrong" : s.Kind, Window: w)))
            .GroupBy(row => row.Kind);
        return [.. taken.SelectMany(kind => kind.Select(row => new PpgPresenceRow(
            row.Window.Features!, row.Window.IsNear, ShareOf(kind.Key) / kind.Count())))];      // not null: see above
    }

    /// <summary>Right rates of a recording that are lost by a network's verdict, in all, and the mean error with the last value held.</summary>
    public (string Set, int Lost, int Near, double MeanError) Score(string recording, PpgLogOdds logOdds)
    {
        var presence = new PpgPresence(logOdds);
        var (lost, near, held, errors) = (0, 0, UsualRate, new List<double>());
        var signal = _signals.Single(s => s.Recording == recording);
        foreach (var window in signal.Windows)
        {
            if (window.Features is null)
                presence.Reset();
            else
                presence.Judge(window.Features);
            near += window.IsNear ? 1 : 0;
            lost += window.IsNear && !presence.IsPresent ? 1 : 0;
            held = presence.IsPresent && double.IsFinite(window.Value) ? window.Value : held;
            if (window.Truth > 0)
                errors.Add(Math.Abs(held - window.Truth));
        }
        return (signal.Kind, lost, near, errors.Average());
    }

    /// <summary>The PPG's stage of a stream, with another network for whether there is a pulse.</summary>
    public static IWindowStage Stage(SampleChunk first, RateModel? model, PpgLogOdds logOdds)
    {
        var classical = new PpgStage(first.Channels, first.RateHz, PpgConstants.Default, logOdds: logOdds);
        return model is null ? classical : new NetworkPpgStage(classical, first.RateHz, WindowShape.Default, model);
    }

    /// <summary>Share of a kind, or of its wrong values, in the loss; it is shared out among its windows.</summary>
    private static double ShareOf(string kind) => kind switch
    {
        "spc2015" or "bami" => 14,
        "rising" or "several-channels" => 5,
        "regular" or "weak" or "ectopic" => 2.5,
        "movement-bent" or "tone" => 1.5,
        "fibrillation, wrong" => 0.25,
        nameof(PpgKind.Arms) => 0.5,
        _ => PpgKinds.Stops(kind) ? 2 : 1,
    };

    private static double TruthOf(string kind, PpgCaseSignal signal, double start)
    {
        if (PpgKinds.InOrder.Contains(kind))
            return signal.RateIn(start, start + WindowSeconds);
        return PpgKinds.Stops(kind) && start + WindowSeconds < signal.Onsets[^1] + PpgFaults.GoneSeconds ? double.NaN : 0;
    }

    private void Take(string kind, string recording, IEnumerable<SampleChunk> chunks, Func<double, double> truth, int every)
    {
        const double surely = 100;
        float[]? seen = null;
        var windows = new List<Example>();
        var place = 0;
        foreach (var result in StreamRun.Of(chunks, first => [Stage(first, model, Keep)]))
        {
            if (!result.Window.IsTail && place++ % every == 0)
                windows.Add(new Example(seen, result.Estimates[0].Value, truth(result.Window.Start.UnixNanoseconds / 1e9)));
            seen = null;
        }
        _signals.Add((kind, recording, [.. windows]));

        double Keep(ReadOnlySpan<float> features)
        {
            seen = features.ToArray();
            return surely;
        }
    }
}
