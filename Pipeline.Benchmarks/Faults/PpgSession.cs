namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// A wrist's PPG (2 or 3 channels; unit: deviation of the pulse) with its accelerometer (3 axes, g), of a <see cref="PpgKind"/>, and its
/// heart rate. Breathing bends the pulse's rate, height and baseline, and is in no accelerometer; steps are in both, and in the PPG a part
/// of them that no filter of the accelerometer explains. Everything is a function of the kind and the random numbers.
/// </summary>
public sealed class PpgSession
{
    private const int Axes = 3, StepHarmonics = 6;
    private static readonly double[] Rates = [50, 50, 62.5, 100, 125];

    private readonly double[] _beats;       // so far, at each sample
    private readonly (double From, double Until) _off;

    private PpgSession(PpgKind kind, double rateHz, float[][] ppg, float[][] acc, double[] beats, (double From, double Until) off) =>
        (Kind, RateHz, Ppg, Acc, _beats, _off) = (kind, rateHz, ppg, acc, beats, off);

    /// <summary>What happens in it.</summary>
    public PpgKind Kind { get; }

    /// <summary>Samples per second.</summary>
    public double RateHz { get; }

    /// <summary>[channels][samples].</summary>
    public float[][] Ppg { get; }

    /// <summary>[axes][samples].</summary>
    public float[][] Acc { get; }

    /// <summary>Mean heart rate between two times in seconds, per minute; NaN where the sensor is off for a part of it.</summary>
    public double RateIn(double start, double end)
    {
        if (start < _off.Until && end > _off.From)
            return double.NaN;
        var (first, last) = ((int)Math.Round(start * RateHz), Math.Min((int)Math.Round(end * RateHz), _beats.Length - 1));
        return 60 * RateHz * (_beats[last] - _beats[first]) / (last - first);
    }

    /// <summary>A whole session of about five minutes.</summary>
    public static PpgSession Draw(PpgKind kind, Random random) => Draw(kind, random, double.PositiveInfinity);

    /// <summary><paramref name="seconds"/> of one, a quarter from its start, the others from anywhere.</summary>
    public static PpgSession Draw(PpgKind kind, Random random, double seconds)
    {
        ArgumentNullException.ThrowIfNull(random);
        var courses = new PpgCourses(kind, random);
        var spare = Math.Max(0, courses.Seconds - seconds);
        var start = random.NextDouble() < 0.25 ? 0 : spare * random.NextDouble();
        var rateHz = Rates[random.Next(Rates.Length)];
        var count = (int)Math.Ceiling(Math.Min(seconds, courses.Seconds) * rateHz);
        var drawing = new PpgDrawing(kind, courses, random, start, rateHz, count, 2 + random.Next(2));
        drawing.AddPulse();
        if (kind == PpgKind.Arms)
            drawing.AddExercise();
        else
            drawing.AddSteps();
        drawing.Finish();
        return new PpgSession(
            kind, rateHz, drawing.Ppg, drawing.Acc, drawing.Beats, (courses.Off.From - start, courses.Off.Until - start));
    }

    /// <summary>Layer after layer of a session's signals.</summary>
    private sealed class PpgDrawing(PpgKind kind, PpgCourses courses, Random random, double start, double rateHz, int count, int channels)
    {
        private readonly double[] _stronger = [.. Enumerable.Range(0, 3).Select(_ => 0.5 + 0.7 * random.NextDouble())];

        public float[][] Ppg { get; } = [.. Enumerable.Range(0, channels).Select(_ => new float[count])];

        public float[][] Acc { get; } = [.. Enumerable.Range(0, Axes).Select(_ => new float[count])];

        public double[] Beats { get; } = new double[count];

        private double Duration => courses.Seconds;

        public void AddPulse()
        {
            var fall = Between(0.5, 1.4);
            var common = PeriodicWave.Falling(fall, random);
            var waves = Ppg.Select(_ => common.Mixed(0.85, PeriodicWave.Falling(fall, random), 0.25)).ToArray();
            var drifts = Ppg.Select(_ => Course.Wander(Duration, 0.3, 4, random)).ToArray();
            var (bases, noise) = (Ppg.Select(_ => Between(0.5, 1.2)).ToArray(), Between(0.03, 0.15));
            var (sinus, height, baseline) = (0.04 * random.NextDouble(), 0.15 * random.NextDouble(), Between(0.05, 0.45));
            var tremble = Course.Wander(Duration, 0.15, 3, random);
            var offset = 2 * Math.PI * random.NextDouble();
            double breath = offset, beats = random.NextDouble();
            for (var i = 0; i < count; i++)
            {
                var at = start + i / rateHz;
                var breaths = courses.StepsOfBreath > 0 && at > courses.RunFrom + 10
                    ? courses.Cadence.At(at) / courses.StepsOfBreath
                    : courses.Breaths.At(at);
                breath += 2 * Math.PI * breaths / 60 / rateHz;
                var (breathSine, _) = Math.SinCos(breath);
                beats += courses.Heart.At(at) / 60 / rateHz * (1 + sinus * breathSine);
                Beats[i] = beats + tremble.At(at) / (2 * Math.PI);
                var (sine, cosine) = Math.SinCos(2 * Math.PI * Beats[i]);
                var size = 1 + height * Math.Sin(breath + 1);
                var raised = baseline * Math.Sin(breath + offset);
                for (var c = 0; c < channels; c++)
                    Ppg[c][i] = (float)(size * waves[c].At(sine, cosine) + bases[c] * raised + drifts[c].At(at) + noise * Normal());
            }
        }

        public void AddSteps()
        {
            var isStride = kind == PpgKind.LockStride;
            var isWeak = kind is PpgKind.Lock or PpgKind.LockHalf or PpgKind.Cross;
            var strength = isStride ? Between(0.5, 1.3) : isWeak ? Between(0.2, 0.9) : Between(0.5, 1.6);
            var seen = kind == PpgKind.Bar ? Between(0.02, 0.08) : 1;
            var swing = isStride ? Between(0.2, 0.5) : Between(0.15, 0.9);
            double[] sizes = [swing, 1, 0.3 * random.NextDouble(), 0.5 * Between(0.1, 1), 0.1, 0.15];
            var axes = Acc.Select(_ => Axis(sizes, Log(0.3, 1.2))).ToArray();
            var variations = Acc.Select(_ => Course.Wander(Duration, 0.1, 5, random)).ToArray();
            var (mixture, power) = (Acc.Select(_ => Normal()).ToArray(), 0.0);
            var back = axes[0].Mixed(mixture[0], axes[1], mixture[1]).Mixed(1, axes[2], mixture[2]);
            for (var i = 0; i < 64; i++)
                power += Math.Pow(ValueOf(back, 2 * Math.PI * i / 64), 2) / 64;
            var (unseen, stride) = (0.3 * Math.Sqrt(power), PeriodicWave.Falling(Between(1, 2), random));
            var scale = strength / Math.Sqrt(power * 1.045) * (isStride ? 0.4 : 1);
            var (unseenVariation, strideVariation, common) = (Wander(0.4, 8), Wander(0.2, 8), Wander(0.15, 6));
            var (tremble, lag, angle) = (Wander(0.1, 4), Between(0, 0.12), 2 * Math.PI * random.NextDouble());
            var phase = 2 * Math.PI * random.NextDouble();
            for (var i = 0; i < count; i++)
            {
                var at = start + i / rateHz;
                var pace = 2 * Math.PI * courses.Cadence.At(at) / 2 / 60;
                phase += pace / rateHz;
                var here = phase + tremble.At(at);
                var (sine, cosine) = Math.SinCos(here);
                var level = courses.StepsAt(at);
                for (var a = 0; a < Axes; a++)
                    Acc[a][i] = (float)(Math.Max(level, 0.01) * seen * (axes[a].At(sine, cosine) * (1 + variations[a].At(at)) + 0.03 * Normal()));
                var late = here - pace * lag;
                var value = scale * (ValueOf(back, late) + unseen * Math.Sin(2 * here + angle) * (1 + unseenVariation.At(at)));
                if (isStride)
                    value += strength * ValueOf(stride, here) * (1 + strideVariation.At(at));
                AddToPulse(i, level * value * (1 + common.At(at)));
            }
        }

        public void AddExercise()
        {
            var exercise = new ArmExercise(rateHz, count, random);
            var (strength, weaker) = (Log(1.5, 6), Between(0.2, 0.7));
            for (var i = 0; i < count; i++)
            {
                var work = courses.WorkAt(start + i / rateHz);
                for (var a = 0; a < Axes; a++)
                    Acc[a][i] = (float)(work * exercise.Acc[a][i] + 0.02 * Normal());
                foreach (var channel in Ppg)
                    channel[i] *= (float)(1 - weaker * work * exercise.Work[i]);      // a working hand's pulse is weaker
                AddToPulse(i, strength * work * exercise.InPulse[i]);
            }
        }

        public void Finish()
        {
            var gravity = Acc.Select(_ => 0.4 * Normal()).ToArray();
            var (limit, drift) = (kind == PpgKind.Saturated ? Between(0.7, 1.6) : double.PositiveInfinity, Wander(1.2, 8));
            var (rate, still) = (Between(60, 150), random.Next(2) * 4f);
            var noise = kind == PpgKind.Bar ? 0.02 : 0.004;
            for (var i = 0; i < count; i++)
            {
                var at = start + i / rateHz;
                for (var a = 0; a < Axes; a++)
                    Acc[a][i] += (float)(gravity[a] + noise * Normal());
                var hidden = kind == PpgKind.Gap && at > courses.Off.Until
                    ? 0.5 * Math.Min(1, (at - courses.Off.Until) / 3) * Math.Sin(2 * Math.PI * rate / 60 * at)
                    : 0;
                foreach (var channel in Ppg)
                {
                    var value = channel[i] + hidden;
                    if (kind == PpgKind.Saturated)
                        value = Math.Min(value + drift.At(at), limit);
                    channel[i] = at >= courses.Off.From && at < courses.Off.Until ? still : MathF.Round((float)value * 1000) / 1000;
                }
            }
        }

        private void AddToPulse(int sample, double value)
        {
            for (var c = 0; c < channels; c++)
                Ppg[c][sample] += (float)(_stronger[c] * value);
        }

        private PeriodicWave Axis(double[] sizes, double size)
        {
            Span<double> amplitudes = stackalloc double[StepHarmonics];
            for (var h = 0; h < StepHarmonics; h++)
                amplitudes[h] = size * sizes[h] * Log(0.3, 1.5);
            return PeriodicWave.Of(amplitudes, random);
        }

        private static double ValueOf(PeriodicWave wave, double phase)
        {
            var (sine, cosine) = Math.SinCos(phase);
            return wave.At(sine, cosine);
        }

        private Course Wander(double deviation, double memory) => Course.Wander(Duration, deviation, memory, random);

        private double Normal() => Course.Normal(random);

        private double Between(double low, double high) => low + (high - low) * random.NextDouble();

        private double Log(double low, double high) => low * Math.Exp(random.NextDouble() * Math.Log(high / low));
    }
}
