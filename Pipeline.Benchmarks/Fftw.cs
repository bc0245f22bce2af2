using System.Reflection;
using System.Runtime.InteropServices;

namespace Pipeline.Benchmarks;

/// <summary>
/// A real transform by FFTW 3 in single precision (Debian: <c>libfftw3-single3</c>), planned with FFTW_PATIENT on aligned memory: the reference
/// of the spectra. Only the benchmarks know it.
/// </summary>
internal sealed unsafe partial class Fftw : IDisposable
{
    private const string Library = "libfftw3f.so.3";
    private const string PathVariable = "PIPELINE_FFTW3F";
    private const uint Patient = 1 << 5;
    private readonly nint _plan;

    static Fftw() => NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Library ? Find() : 0);

    /// <summary>Plans a transform of <paramref name="length"/> points.</summary>
    public Fftw(int length)
    {
        Length = length;
        Input = (float*)Malloc((nuint)length * sizeof(float));
        Output = (float*)Malloc((nuint)(length + 2) * sizeof(float));
        _plan = Plan(length, Input, Output, Patient);
        new Span<float>(Input, length).Clear();
    }

    public int Length { get; }

    /// <summary>Where <see cref="Execute()"/> reads: [length], 16-byte aligned or better.</summary>
    public float* Input { get; }

    /// <summary>Where the spectrum goes: [length / 2 + 1] complex, interleaved.</summary>
    public float* Output { get; }

    /// <summary>Why FFTW cannot be used here, or null when it can.</summary>
    public static string? Absence() => Find() != 0
        ? null
        : $"{Library} is not there (Debian: apt-get install libfftw3-single3, or its path in {PathVariable}): no reference.";

    // Where ./pipeline unpacked Debian's package, or else where the system has it; 0 when it is in neither place.
    private static nint Find() =>
        Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path && NativeLibrary.TryLoad(path, out var unpacked) ? unpacked
        : NativeLibrary.TryLoad(Library, out var installed) ? installed
        : 0;

    /// <summary>Transforms <see cref="Input"/> into <see cref="Output"/>.</summary>
    public void Execute() => Run(_plan);

    /// <summary>Transforms <paramref name="from"/>, which must be aligned like <see cref="Input"/>, into <see cref="Output"/>.</summary>
    public void Execute(float* from) => RunFrom(_plan, from, Output);

    public void Dispose()
    {
        Destroy(_plan);
        Free(Input);
        Free(Output);
    }

    [LibraryImport(Library, EntryPoint = "fftwf_malloc")]
    private static partial void* Malloc(nuint bytes);

    [LibraryImport(Library, EntryPoint = "fftwf_free")]
    private static partial void Free(void* memory);

    [LibraryImport(Library, EntryPoint = "fftwf_plan_dft_r2c_1d")]
    private static partial nint Plan(int length, float* input, float* output, uint flags);

    [LibraryImport(Library, EntryPoint = "fftwf_destroy_plan")]
    private static partial void Destroy(nint plan);

    // Without the garbage collector's transition: a call costs as little as it does from C.
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "fftwf_execute")]
    private static partial void Run(nint plan);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "fftwf_execute_dft_r2c")]
    private static partial void RunFrom(nint plan, float* input, float* output);
}
