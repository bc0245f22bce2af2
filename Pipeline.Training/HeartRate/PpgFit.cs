using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// Fits <see cref="PpgConstants"/> to recordings: coordinate descent on the mean absolute error of <see cref="PpgEvidence"/> and
/// <see cref="PpgRateBelief"/> over windows whose spectra the stage computed once. It starts from round numbers and uses only the given
/// recordings and augmented versions of them (<see cref="PpgFitAugmentation"/>). The same recordings give the same constants, on any number
/// of threads.
/// </summary>
internal static class PpgFit
{
    /// <summary>Rounds over all constants at which a fit ends.</summary>
    public const int MostRounds = 12;

    private const int LeastRounds = 5;
    private const double StepDecay = 0.6;
    private const double LeastStep = 0.2;         // of the first step, in the logarithm
    private const double LeastGain = 1e-4;        // per minute
    private const double AugmentedWeight = 0.3;
    private const double MostAugmentedError = 15;      // per minute: some augmented recordings cannot be estimated at all
    private const double MassReach = 10;

    // So few are judged sooner than other threads are found for them, thousands of times a fit.
    private const int FewWindows = 1_000;

    /// <summary>
    /// Fits; <paramref name="progress"/> gets the number of each finished round, 0 for the start, and the remaining error.
    /// </summary>
    public static PpgConstants Of(IReadOnlyList<PpgFitRecording> recordings, Action<int, double> progress, CancellationToken stop,
        int mostRounds = MostRounds)
    {
        var taken = Take(recordings, stop);
        var best = PpgFitConstant.Starts;
        var least = Loss(taken, best, stop);
        progress(0, least);
        var steps = new double[PpgFitConstant.All.Length];
        Array.Fill(steps, 1);
        for (var round = 0; round < mostRounds; round++)
        {
            var gained = false;
            for (var i = 0; i < steps.Length; i++)
            {
                if (steps[i] < LeastStep)
                    continue;
                if (Step(taken, PpgFitConstant.All[i], -steps[i], ref best, ref least, stop)
                    || Step(taken, PpgFitConstant.All[i], steps[i], ref best, ref least, stop))
                    gained = true;
                else
                    steps[i] *= StepDecay;
            }
            progress(round + 1, least);
            if (!gained && round >= LeastRounds)
                break;
        }
        return best;
    }

    /// <summary>Mean absolute error over windows with a reference; of one window at most <paramref name="most"/>.</summary>
    public static double MeanError(PpgFitWindow[] windows, PpgConstants constants, double most = double.MaxValue)
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
                scratch.Evidence.Judge(window.Pulse, window.Cleaned, window.Channels, motion, window.Axes, !judged, constants,
                    scratch.Likelihood);
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

    /// <summary>The recordings, each followed by its augmented versions.</summary>
    private static Taken[] Take(IReadOnlyList<PpgFitRecording> recordings, CancellationToken stop)
    {
        const int each = 1 + PpgFitAugmentation.Kinds;
        var taken = new Taken[each * recordings.Count];
        Parallel.For(0, taken.Length, new ParallelOptions { CancellationToken = stop }, i =>
        {
            var made = recordings[i / each];
            var one = i % each == 0 ? made : PpgFitAugmentation.Of(made, i % each - 1, recordings);
            taken[i] = new Taken(one.Set, one.IsAugmented, one.Windows());
        });
        return taken;
    }

    /// <summary>Steps in one direction as long as the error falls; true when it did.</summary>
    private static bool Step(Taken[] taken, PpgFitConstant constant, double step, ref PpgConstants best, ref double least,
        CancellationToken stop)
    {
        var gained = false;
        while (true)
        {
            var tried = constant.With(best, constant.Get(best) * Math.Pow(constant.Step, step));
            var loss = Loss(taken, tried, stop);
            if (!(loss < least - LeastGain))
                return gained;
            (best, least, gained) = (tried, loss, true);
        }
    }

    /// <summary>Mean over the sets of the mean over the recordings, and over their augmented versions with less weight.</summary>
    private static double Loss(Taken[] taken, PpgConstants constants, CancellationToken stop)
    {
        var errors = new double[taken.Length];
        var threads = taken.Sum(one => one.Windows.Length) <= FewWindows ? 1 : -1;
        Parallel.For(0, taken.Length, new ParallelOptions { CancellationToken = stop, MaxDegreeOfParallelism = threads }, i =>
            errors[i] = MeanError(taken[i].Windows, constants, taken[i].IsAugmented ? MostAugmentedError : double.MaxValue));
        return taken.Zip(errors).GroupBy(one => one.First.Set).Select(set =>
            set.Where(one => !one.First.IsAugmented).Average(one => one.Second)
                + AugmentedWeight * set.Where(one => one.First.IsAugmented).Average(one => one.Second))
            .DefaultIfEmpty().Average();
    }

    /// <summary>A recording, or an augmented version of one.</summary>
    private readonly record struct Taken(string Set, bool IsAugmented, PpgFitWindow[] Windows);
}
