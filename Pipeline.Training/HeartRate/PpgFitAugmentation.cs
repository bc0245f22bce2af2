using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// Augmentation for the fit of the constants, so that they are not fitted to the pace and the movements of a few treadmill runs: another
/// speed; that and another recording's motion in PPG and accelerometer; or that and random arm motion in both. Seeded by the recording's
/// place.
/// </summary>
internal static class PpgFitAugmentation
{
    private const double FastestPerMinute = 215;
    private const double MixSeconds = 50;           // with, then as long without another recording's motion
    private const double ArmMotionRms = 0.25;       // of the usual one, times a gain
    private static readonly double[] Speeds = [0.55, 0.72, 0.86, 1.15, 1.3];

    /// <summary>Kinds: speed alone, another recording's motion, arm motion.</summary>
    public const int Kinds = 3;

    /// <summary>
    /// An augmented version of <paramref name="recording"/>, of a <paramref name="kind"/> from 0 on. Motion that is mixed in comes from
    /// recordings of
    /// <paramref name="taken"/> of the same set and group, so that nothing of held-out people enters a fit.
    /// </summary>
    public static PpgFitRecording Of(PpgFitRecording recording, int kind, IReadOnlyList<PpgFitRecording> taken)
    {
        var place = recording.Place;
        var random = new Random(Kinds * place + kind);
        var speed = Math.Max(
            Math.Min(Speeds[(2 * place + 3 * kind + place / 5) % Speeds.Length],
                FastestPerMinute / recording.Reference.Max(r => r.BeatsPerMinute)),
            PpgStage.MinRateHz / recording.RateHz);
        float[][] pulse = [.. recording.Pulse.Select(x => x.ToArray())];
        float[][] motion = [.. recording.Motion.Select(x => x.ToArray())];
        if (kind == 1 && motion.Length > 0)
        {
            var others = taken.Where(r => r.Set == recording.Set && r.Group == recording.Group && r.Place != place
                && r.Motion.Length >= motion.Length).ToList();
            if (others.Count > 0)
                Mix(others[random.Next(others.Count)], recording.RateHz, random, pulse, motion);
        }
        if (kind == 2)
            AddArmMotion(recording.RateHz * speed, random, pulse, motion);
        return recording.Augmented(speed, pulse, motion);
    }

    /// <summary>
    /// Another recording's motion, at a pace of its own, reaches the accelerometer, and each PPG channel by a mixture of the axes a little
    /// later.
    /// </summary>
    private static void Mix(PpgFitRecording donor, double rateHz, Random random, float[][] pulse, float[][] motion)
    {
        var usualPulse = pulse.Select(x => UsualRms(x, rateHz)).ToArray();
        var usualMotion = motion.Max(x => UsualRms(x, rateHz));
        var usualDonor = donor.Motion.Max(x => UsualRms(x, donor.RateHz));
        var means = donor.Motion.Select(x => x.Average()).ToArray();
        var pace = (0.8 + 0.05 * random.Next(9)) * donor.RateHz / rateHz;
        var gain = 0.3 * Math.Exp(2 * random.NextDouble());
        var shares = pulse.Select(_ => Shares(random, motion.Length)).ToArray();
        var offset = random.Next(2000);
        var lag = random.Next(5);
        for (var i = 0; i < pulse[0].Length; i++)
        {
            var (at, fraction) = ((int)(offset + i * pace), (offset + i * pace) % 1);
            if (at + lag + 1 >= donor.Motion[0].Length)
                break;
            if ((int)(i / rateHz / MixSeconds) % 2 != 0)
                continue;
            double Donor(int axis, int sample) =>
                (donor.Motion[axis][sample] * (1 - fraction) + donor.Motion[axis][sample + 1] * fraction - means[axis]) / usualDonor;
            for (var a = 0; a < motion.Length; a++)
                motion[a][i] += (float)(usualMotion * Donor(a, at));
            for (var c = 0; c < pulse.Length; c++)
                for (var a = 0; a < motion.Length; a++)
                    pulse[c][i] += (float)(gain * usualPulse[c] * shares[c][a] * Donor(a, at + lag));
        }
    }

    /// <summary>
    /// Narrow-band motion whose pace and strength change every 8 to 25 s: three sources reach both sensors, a fourth only the PPG.
    /// </summary>
    private static void AddArmMotion(double rateHz, Random random, float[][] pulse, float[][] motion)
    {
        const int Sources = 4;
        var usualPulse = pulse.Select(x => UsualRms(x, rateHz)).ToArray();
        var usualMotion = motion.Select(x => UsualRms(x, rateHz)).DefaultIfEmpty().Max();
        var (now, before) = (new double[Sources], new double[Sources]);
        for (int i = 0, end; i < pulse[0].Length;)
        {
            end = Math.Min(pulse[0].Length, i + (int)((8 + 17 * random.NextDouble()) * rateHz));
            var turn = 2 * Math.PI * (0.3 + 2.3 * random.NextDouble()) / rateHz;
            var radius = Math.Exp(-Math.PI * (0.1 + 0.5 * random.NextDouble()) / rateHz);
            var gain = random.NextDouble() < 0.6 ? 0.25 * Math.Exp(2 * random.NextDouble()) : 0;
            var toPulse = pulse.Select(_ => Shares(random, Sources)).ToArray();
            var toMotion = motion.Select(_ => Shares(random, Sources - 1)).ToArray();
            var drive = 4 * ArmMotionRms * Math.Sqrt((1 - radius * radius) / 2) * Math.Sin(turn);   // resonator of unit variance
            for (; i < end; i++)
            {
                for (var s = 0; s < Sources; s++)
                    (before[s], now[s]) =
                        (now[s], drive * Normal(random) + 2 * radius * Math.Cos(turn) * now[s] - radius * radius * before[s]);
                if (gain == 0)
                    continue;
                for (var c = 0; c < pulse.Length; c++)
                    for (var s = 0; s < Sources; s++)
                        pulse[c][i] += (float)(gain * usualPulse[c] * toPulse[c][s] * now[s]);
                for (var a = 0; a < motion.Length; a++)
                    for (var s = 0; s < Sources - 1; s++)
                        motion[a][i] += (float)(usualMotion * toMotion[a][s] * now[s]);
            }
        }
    }

    private static double[] Shares(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextDouble() - 1)];

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Median of the standard deviations of 8 s.</summary>
    private static double UsualRms(float[] samples, double rateHz)
    {
        var count = (int)(8 * rateHz);
        var deviations = new List<double>();
        for (var first = 0; first + count <= samples.Length; first += count)
        {
            var part = samples.AsSpan(first, count);
            double sum = 0, squares = 0;
            foreach (var x in part)
                sum += x;
            foreach (var x in part)
                squares += (x - sum / count) * (x - sum / count);
            deviations.Add(Math.Sqrt(squares / count));
        }
        deviations.Sort();
        return deviations.Count == 0 ? 0 : deviations[deviations.Count / 2];
    }
}
