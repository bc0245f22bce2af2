using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Pipeline.Models.Spectra;

namespace Pipeline.Benchmarks;

/// <summary>
/// Spectra of 256-point frames every 64 samples, as the pipeline makes them, and bare transforms, against FFTW3f. Times are CPU time of the
/// one thread, medians of rounds in turn; data stays in the cache.
/// </summary>
internal sealed unsafe class StftBenchmark : IBenchmark
{
    private const int Window = 256;
    private const int Hop = 64;
    private const int Frames = 61;   // 4,096 samples

    public string Name => "stft";

    public string Summary => "256-point frames every 64 samples: Hann taper, real transform, power; one core; against FFTW3f (PATIENT) in the same run";

    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (Fftw.Absence() is { } absence)
            report.Remark(absence);
        Frame(report);
        foreach (var length in new[] { 256, 1024, 4096 })
            Transform(report, length);
        return Task.CompletedTask;
    }

    private static void Frame(Report report)
    {
        var stft = new Stft(Window);
        var count = Window + (Frames - 1) * Hop;
        var samples = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        try
        {
            Noise(new Span<float>(samples, count));
            var power = new float[Frames * stft.BinCount];
            var repeats = report.Quick ? 20 : 2_000;
            Action ours = () =>
            {
                for (var i = 0; i < repeats; i++)
                    for (var f = 0; f < Frames; f++)
                        stft.Power(new ReadOnlySpan<float>(samples + f * Hop, Window), power.AsSpan(f * stft.BinCount, stft.BinCount));
            };
            Figures(report, ours, samples, repeats);
            report.Add("allocated_bytes_per_frame", Cost.Of(ours).ThreadBytes / ((double)repeats * Frames), "By");
        }
        finally
        {
            NativeMemory.AlignedFree(samples);
        }
    }

    private static void Figures(Report report, Action ours, float* samples, int repeats)
    {
        var perFrame = 1e9 / ((double)repeats * Frames);
        if (Fftw.Absence() is not null)
        {
            report.Add("frame", SideBySide.ThreadCpuSeconds(3, Rounds(report), ours)[0] * perFrame, "ns");
            return;
        }
        using var fftw = new Fftw(Window);
        var taper = Tapers.Hann(Window).Select(w => (float)w).ToArray();
        var power = new float[Frames * (Window / 2 + 1)];
        Action bare = () =>
        {
            for (var i = 0; i < repeats; i++)
                for (var f = 0; f < Frames; f++)
                    fftw.Execute(samples + f * Hop);
        };
        Action same = () =>
        {
            for (var i = 0; i < repeats; i++)
                for (var f = 0; f < Frames; f++)
                {
                    Multiply(samples + f * Hop, taper, fftw.Input);
                    fftw.Execute();
                    Power(fftw.Output, power.AsSpan(f * (Window / 2 + 1), Window / 2 + 1));
                }
        };
        var seconds = SideBySide.ThreadCpuSeconds(3, Rounds(report), ours, bare, same);
        report.Add("frame", seconds[0] * perFrame, "ns", new Reference("FFTW3f, the bare transform", seconds[1] * perFrame));
        report.Add("frame_same_work", seconds[0] * perFrame, "ns", new Reference("FFTW3f with taper and power (SIMD)", seconds[2] * perFrame));
    }

    private static void Transform(Report report, int length)
    {
        var fft = RealFft.Of(length);
        var samples = new float[length];
        Noise(samples);
        float[] real = new float[fft.BinCount], imaginary = new float[fft.BinCount];
        var repeats = (report.Quick ? 200_000 : 20_000_000) / length;
        Action ours = () =>
        {
            for (var i = 0; i < repeats; i++)
                fft.Forward(samples, real, imaginary);
        };
        var perTransform = 1e9 / repeats;
        if (Fftw.Absence() is not null)
        {
            report.Add($"transform_{length}", SideBySide.ThreadCpuSeconds(3, Rounds(report), ours)[0] * perTransform, "ns");
            return;
        }
        using var fftw = new Fftw(length);
        samples.CopyTo(new Span<float>(fftw.Input, length));
        Action theirs = () =>
        {
            for (var i = 0; i < repeats; i++)
                fftw.Execute();
        };
        var seconds = SideBySide.ThreadCpuSeconds(3, Rounds(report), ours, theirs);
        report.Add($"transform_{length}", seconds[0] * perTransform, "ns", new Reference("FFTW3f", seconds[1] * perTransform));
    }

    private static int Rounds(Report report) => report.Quick ? 3 : 15;

    private static void Multiply(float* samples, float[] taper, float* to)
    {
        for (var i = 0; i < Window; i += Vector256<float>.Count)
            (Vector256.Load(samples + i) * Vector256.LoadUnsafe(ref taper[i])).Store(to + i);
    }

    // [re0 im0 re1 im1 ...] to [re0² + im0², re1² + im1², ...], eight bins a step.
    private static void Power(float* spectrum, Span<float> power)
    {
        var k = 0;
        if (Avx2.IsSupported)
            for (; k + 8 <= power.Length; k += 8)
            {
                Vector256<float> low = Vector256.Load(spectrum + 2 * k), high = Vector256.Load(spectrum + 2 * k + 8);
                var sums = Avx.HorizontalAdd(low * low, high * high);
                Avx2.Permute4x64(sums.AsDouble(), 0b11_01_10_00).AsSingle().CopyTo(power[k..]);
            }
        for (; k < power.Length; k++)
            power[k] = spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
    }

    private static void Noise(Span<float> samples)
    {
        var random = new Random(1);
        foreach (ref var sample in samples)
            sample = 2 * random.NextSingle() - 1;
    }
}
