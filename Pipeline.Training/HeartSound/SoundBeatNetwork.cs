using Pipeline.Models.Filters;
using Pipeline.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartSound;

/// <summary>
/// Ours beside the prototype: it marks beats in place of guessing two numbers. Six dilated convolutions over frames of 5 ms (12,000 weights, ±1.3 s) give the log-odds of a beat in each
/// frame; rate and variability are those of the beats found. Sees the waveform and the logarithm of its power between 30 and 150 Hz.
/// </summary>
internal sealed class SoundBeatNetwork : nn.Module
{
    /// <summary>Frames of a second.</summary>
    public const int FramesPerSecond = 200;

    private const int Group = SoundExample.RateHz / FramesPerSecond, Rows = 2, Channels = 16, Kernel = 9, Batch = 32;
    private const double LearningRate = 3e-3, BeatWeight = 8, TargetFrames = 2;
    private const float MostWaveform = 8, LeastProbability = 0.3f;
    private const int Apart = (int)(0.28 * FramesPerSecond), Reach = 4;
    private const double ShortestOfMedian = 0.6, LongestOfMedian = 1.5;
    private readonly Sequential _body;

    public SoundBeatNetwork()
        : base(nameof(SoundBeatNetwork))
    {
        var layers = new List<nn.Module<Tensor, Tensor>>();
        foreach (var dilation in (int[])[1, 2, 4, 8, 16, 32])
        {
            layers.Add(nn.Conv1d(layers.Count == 0 ? Rows : Channels, Channels, Kernel, padding: dilation * (Kernel / 2), dilation: dilation));
            layers.Add(nn.ReLU());
        }
        layers.Add(nn.Conv1d(Channels, 1, 1));
        _body = nn.Sequential(layers);
        RegisterComponents();
    }

    /// <summary>Trains on fresh examples of both generators, a half each, <paramref name="steps"/> batches of 32; calls <paramref name="told"/> with each step and its loss.</summary>
    public void Fit(int seed, int steps, Action<int, double> told, CancellationToken stop)
    {
        using var loop = optim.AdamW(parameters(), LearningRate, weight_decay: 1e-3);
        train();
        for (var step = 0; step < steps; step++)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var examples = Enumerable.Range(0, Batch).Select(i => seed * 1_000_000 + step * Batch + i)
                .Select(one => one % 2 == 0 ? SoundExample.Pulses(one) : SoundExample.Sounds(one / 2)).ToArray();
            var frames = examples[0].Samples.Length / Group;
            var targets = tensor([.. examples.SelectMany(one => TargetsOf(one, frames))], [Batch, frames]);
            foreach (var group in loop.ParamGroups)
                group.LearningRate = LearningRate * (0.02 + 0.98 * (1 + Math.Cos(Math.PI * step / steps)) / 2);
            var odds = _body.forward(Inputs([.. examples.Select(one => one.Samples)])).squeeze(1);
            var loss = (nn.functional.binary_cross_entropy_with_logits(odds, targets, reduction: nn.Reduction.None) * (1 + BeatWeight * targets)).mean();
            loop.zero_grad();
            loss.backward();
            nn.utils.clip_grad_norm_(parameters(), 1);
            loop.step();
            told(step + 1, loss.item<float>());
        }
        eval();
    }

    /// <summary>Beats of <paramref name="samples"/> at 1,000 Hz, in seconds, ascending.</summary>
    public List<double> BeatsOf(float[] samples)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var odds = _body.forward(Inputs([samples])).sigmoid().ToArray();
        var beats = new List<double>();
        foreach (var at in Enumerable.Range(0, odds.Length).Where(t => odds[t] >= LeastProbability && odds[t] >= odds[Math.Max(0, t - 1)] && odds[t] >= odds[Math.Min(odds.Length - 1, t + 1)])
            .OrderByDescending(t => odds[t]))
        {
            double sum = 0, weights = 0;
            for (var t = Math.Max(0, at - Reach); t <= Math.Min(odds.Length - 1, at + Reach); t++)
            {
                sum += odds[t] * (t + 0.5);
                weights += odds[t];
            }
            if (!beats.Exists(beat => Math.Abs(beat * FramesPerSecond - at) < Apart))
                beats.Add(sum / weights / FramesPerSecond);
        }
        beats.Sort();
        return beats;
    }

    /// <summary>Rate per minute and variability, ms, of beats; intervals far from the median are those of beats that were missed, and do not count. NaN with too few.</summary>
    public static (double Rate, double Variability) Of(List<double> beats)
    {
        var all = beats.Skip(1).Zip(beats, (next, one) => next - one).Order().ToList();
        if (all.Count < 2)
            return (double.NaN, double.NaN);
        var median = all[all.Count / 2];
        var kept = all.FindAll(interval => interval >= ShortestOfMedian * median && interval <= LongestOfMedian * median);
        return (60 / kept.Average(), 1000 * SoundExample.DeviationOf(kept));
    }

    private static IEnumerable<float> TargetsOf(SoundExample example, int frames) => Enumerable.Range(0, frames).Select(t =>
        example.Beats.Length == 0 ? 0 : (float)Math.Exp(-Math.Pow(example.Beats.Min(beat => Math.Abs(beat * FramesPerSecond - t - 0.5)) / TargetFrames, 2) / 2));

    /// <summary>[B, 2, frames]: the waveform in parts of its RMS, and the standardised logarithm of its power in the band of heart sounds.</summary>
    private static Tensor Inputs(float[][] signals)
    {
        var frames = signals[0].Length / Group;
        var values = new float[signals.Length * Rows * frames];
        var (high, low) = (Biquad.HighPass(30, SoundExample.RateHz), Biquad.LowPass(150, SoundExample.RateHz));
        for (var s = 0; s < signals.Length; s++)
        {
            var wave = values.AsSpan(s * Rows * frames, frames);
            var level = values.AsSpan((s * Rows + 1) * frames, frames);
            var (one, two) = (new BiquadDelays(), new BiquadDelays());
            for (var i = 0; i < frames * Group; i++)
            {
                var band = low.Next(high.Next(signals[s][i], ref one), ref two);
                wave[i / Group] += signals[s][i] / Group;
                level[i / Group] += (float)(band * band);
            }
            var rms = Math.Sqrt(Mean(wave, x => x * x) + 1e-12);
            var floor = Mean(level, x => x) * 1e-4 + 1e-12;
            for (var t = 0; t < frames; t++)
                (wave[t], level[t]) = (Math.Clamp((float)(wave[t] / rms), -MostWaveform, MostWaveform), (float)(0.5 * Math.Log(level[t] + floor)));
            var mean = Mean(level, x => x);
            var deviation = Math.Sqrt(Mean(level, x => (x - mean) * (x - mean)) + 1e-6);
            for (var t = 0; t < frames; t++)
                level[t] = (float)((level[t] - mean) / deviation);
        }
        return tensor(values, [signals.Length, Rows, frames]);
    }

    private static double Mean(Span<float> values, Func<double, double> of)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += of(value);
        return sum / values.Length;
    }
}
