using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>What <see cref="SimulatedPressureCourse"/> makes: a PPG and an ECG of two devices, whose clocks agree and whose samples do not
/// begin together.</summary>
/// <param name="Ppg">PPG, any unit, 125 Hz, from <paramref name="PpgFirst"/> on.</param>
/// <param name="PpgFirst">Time of its first sample.</param>
/// <param name="Ecg">ECG, mV, 250 Hz, from <paramref name="EcgFirst"/> on.</param>
/// <param name="EcgFirst">Time of its first sample.</param>
/// <param name="Peaks">R peaks, seconds since the epoch of both clocks.</param>
/// <param name="Feet">Feet of the pulses in the PPG, likewise.</param>
/// <param name="Beats">The arterial pressure of each beat, by the time of its R peak.</param>
public sealed record SimulatedPressureRecording(
    float[] Ppg, Timestamp PpgFirst, float[] Ecg, Timestamp EcgFirst, double[] Peaks, double[] Feet, TruePressure[] Beats);

/// <summary>
/// A person whose arterial pressure goes up and down, and what a PPG and an ECG show of it. The pulse wave's velocity grows with the mean
/// pressure as the artery's modulus does (Moens and Korteweg with Hughes et al. 1979, IEEE Trans Biomed Eng 26:207-217: E =
/// E0·exp(0.017·P)): so the pulse arrives sooner and the wave that is reflected returns sooner and larger; the dicrotic wave is the smaller
/// the larger the pulse pressure. Persons differ in velocity, length, pre-ejection period and shape by some percent. The links are those of
/// the literature in kind, not in strength: a network that reads them says nothing of patients. A function of its seed.
/// </summary>
public static class SimulatedPressureCourse
{
    /// <summary>Samples per second of the PPG and the ECG.</summary>
    public const double PpgRateHz = 125, EcgRateHz = 250;

    private const double Modulus = 0.017;           // per mmHg
    private const double EcgLaterSeconds = 0.3712;  // its first sample
    private const double UsualMean = 92, UsualPulse = 46;

    /// <summary>The recording of person <paramref name="seed"/>, of <paramref name="seconds"/> seconds.</summary>
    public static SimulatedPressureRecording Of(int seed, int seconds)
    {
        var noise = new NoiseSource(seed, 31);
        var person = new Person(ref noise);
        var (peaks, feet, beats) = (new List<double>(), new List<double>(), new List<TruePressure>());
        var pulses = new List<Pulse>();
        for (var at = -1.5; at < seconds + 1; at += person.IntervalAt(at) * (1 + 0.01 * noise.Normal()))
        {
            var (mean, pulse) = person.PressureAt(at);
            var velocity = person.Velocity * Math.Exp(Modulus * mean / 2);
            var foot = at + person.Ejection + person.Length / velocity;
            pulses.Add(new Pulse(
                foot, 2 * person.Reflection / velocity, 0.45 + 0.006 * (mean - UsualMean), 0.30 - 0.005 * (pulse - UsualPulse), person.Form));
            peaks.Add(at);
            feet.Add(foot);
            beats.Add(new TruePressure(at, mean + 2 * pulse / 3, mean - pulse / 3, mean));
        }
        var ppg = new float[(int)(seconds * PpgRateHz)];
        Render(ppg, PpgRateHz, 0, feet, (number, since) => pulses[number].At(since), 1.6);
        for (var i = 0; i < ppg.Length; i++)
            ppg[i] += (float)(0.06 * Math.Sin(2 * Math.PI * person.BreathsPerSecond * i / PpgRateHz)) + 0.008f * noise.Normal();
        var ecg = new float[(int)((seconds - 1) * EcgRateHz)];
        Render(ecg, EcgRateHz, EcgLaterSeconds - 0.2, peaks, (_, since) => Beat(since - 0.2), 0.8);
        for (var i = 0; i < ecg.Length; i++)
            ecg[i] += 0.02f * noise.Normal();
        var first = new Timestamp(1_700_000_000_000_000_000);
        var epoch = first.SecondsSince(default);
        return new SimulatedPressureRecording(
            ppg, first, ecg, first.AddSeconds(EcgLaterSeconds), [.. peaks.Select(at => at + epoch)], [.. feet.Select(at => at + epoch)],
            [.. beats.Select(beat => beat with { FootSeconds = beat.FootSeconds + epoch })]);
    }

    /// <summary>Adds a wave of <paramref name="length"/> s after each event.</summary>
    private static void Render(float[] samples, double rateHz, double begin, List<double> events, Func<int, double, double> wave, double length)
    {
        for (var number = 0; number < events.Count; number++)
            for (var i = Math.Max(0, (int)Math.Ceiling((events[number] - begin) * rateHz)); i < Math.Min(samples.Length, (events[number] - begin + length) * rateHz); i++)
                samples[i] += (float)wave(number, begin + i / rateHz - events[number]);
    }

    private static double Beat(double t) => 1.1 * WaveTables.Gauss(t, 0.0095) - 0.2 * WaveTables.Gauss(t - 0.028, 0.009) + 0.28 * WaveTables.Gauss(t - 0.26, 0.045);

    private readonly record struct Pulse(double Foot, double Return, double Reflected, double Dicrotic, double Form)
    {
        public double At(double t) => WaveTables.Gauss(t - 0.13 * Form, 0.055 * Form) + Reflected * WaveTables.Gauss(t - 0.13 * Form - Return, 0.075)
            + Dicrotic * WaveTables.Gauss(t - 0.44, 0.06) + 0.25 * Math.Clamp(t / 0.2, 0, 1) * Math.Exp(-t / 0.45);
    }

    private readonly struct Person
    {
        private readonly double _mean, _pulse, _interval, _slow, _quick, _phase;

        public Person(ref NoiseSource noise)
        {
            (_mean, _pulse, _interval) = (noise.Uniform(74, 112), noise.Uniform(34, 60), 60 / noise.Uniform(58, 98));
            (_slow, _quick, _phase) = (noise.Uniform(70, 130), noise.Uniform(25, 45), noise.Uniform(0, 6.28));
            (Velocity, Length, Reflection) = (2.2 * (1 + 0.015 * noise.Normal()), 0.75 * (1 + 0.02 * noise.Normal()), 0.35 * (1 + 0.015 * noise.Normal()));
            (Ejection, Form, BreathsPerSecond) = (0.08 * (1 + 0.05 * noise.Normal()), 1 + 0.02 * noise.Normal(), noise.Uniform(0.2, 0.3));
        }

        public double Velocity { get; }

        public double Length { get; }

        public double Reflection { get; }

        public double Ejection { get; }

        public double Form { get; }

        public double BreathsPerSecond { get; }

        public (double Mean, double Pulse) PressureAt(double t) => (
            _mean + 8 * Math.Sin(2 * Math.PI * t / _slow + _phase) + 3 * Math.Sin(2 * Math.PI * t / _quick), _pulse + 5 * Math.Sin(2 * Math.PI * t / _slow + 2 * _phase));

        public double IntervalAt(double t) => _interval * (1 + 0.03 * Math.Sin(2 * Math.PI * BreathsPerSecond * t));
    }
}
