using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Pipeline.Training.Torch;

/// <summary>
/// Loads the native half of TorchSharp before TorchSharp looks for it. It does not come with the program: <c>./pipeline train</c> and
/// <c>./pipeline test</c> lay it into <c>.cache/libtorch</c> (project Pipeline.Libtorch). <see cref="FolderVariable"/> names another
/// folder, for example one with a CUDA build.
/// </summary>
public static partial class Libtorch
{
    /// <summary>Environment variable: the folder that holds libtorch and LibTorchSharp.</summary>
    public const string FolderVariable = "PIPELINE_LIBTORCH";

    private const string Shim = "LibTorchSharp";

    /// <summary>
    /// Needed by LibTorchSharp for one symbol that it never uses (GCC 13); Debian 12, Ubuntu 22.04 and RHEL 9 have an older libstdc++.
    /// </summary>
    private const string UnusedVersion = "GLIBCXX_3.4.32";

    // in the order of their dependence; cuda's may be absent
    private static readonly string[] Libraries = ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];
    private static readonly Lazy<string?> LoadFault = new(Load);

    /// <summary>The library of TorchSharp that is loaded, or its changed copy was made of; null without libtorch.</summary>
    internal static string? ShimPath => Folder() is { } folder ? PathOf(folder, Shim) : null;

    /// <summary>Loads it, once; null when it can be used, else a line that says what is wrong and what to do. Any thread.</summary>
    public static string? Fault => LoadFault.Value;

    private static string? Load()
    {
        if (Folder() is not { } folder)
            return $"libtorch is not here: './pipeline train' in a checkout fetches it from the package registry (480 MB, once); or set {FolderVariable} to the folder that holds it.";
        if (!File.Exists(PathOf(folder, Shim)))
            return $"{FolderVariable} is {folder}, where {Path.GetFileName(PathOf(folder, Shim))} is not.";
        try
        {
            if (OperatingSystem.IsLinux())
                PrepareProcess();
            var loaded = new Dictionary<string, nint>(StringComparer.Ordinal);
            foreach (var library in Libraries)
                if (File.Exists(PathOf(folder, library)))
                    loaded[library] = NativeLibrary.Load(PathOf(folder, library));
            loaded[Shim] = LoadShim(PathOf(folder, Shim));
            // TorchSharp asks for the libraries by name; nothing else on the usual paths may answer first, and there is nothing there.
            // not null: it is loaded from a file
            AssemblyLoadContext.GetLoadContext(typeof(TorchSharp.torch).Assembly)!.ResolvingUnmanagedDll +=
                (_, name) => loaded.GetValueOrDefault(name);
            TorchSharp.torch.InitializeDeviceType(TorchSharp.DeviceType.CPU);
            return null;
        }
        catch (Exception fault) when (fault is DllNotFoundException or BadImageFormatException or NotSupportedException or TypeInitializationException or IOException or UnauthorizedAccessException)
        {
            return $"libtorch in {folder} cannot be loaded: {fault.Message}";
        }
    }

    private static nint LoadShim(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException fault) when (fault.Message.Contains(UnusedVersion, StringComparison.Ordinal))
        {
            return LoadWeakened(path);
        }
    }

    /// <summary>
    /// Loads a copy in which the need for <see cref="UnusedVersion"/> is weak. The loader keeps the copy open, so it is deleted at once.
    /// </summary>
    private static nint LoadWeakened(string path)
    {
        var image = File.ReadAllBytes(path);
        try
        {
            ElfVersionNeeds.MarkWeak(image, UnusedVersion);
        }
        catch (InvalidDataException fault)
        {
            throw new DllNotFoundException(
                $"this machine's libstdc++ has no {UnusedVersion} (GCC 13), and {path} cannot be changed to do without: {fault.Message} A newer libstdc++ is needed.");
        }
        var folder = Directory.CreateTempSubdirectory("pipeline-libtorch-").FullName;
        try
        {
            var copy = Path.Combine(folder, Path.GetFileName(path));
            File.WriteAllBytes(copy, image);
            return NativeLibrary.Load(copy);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? Folder()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named)
            return named;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var candidate = Path.Combine(at.FullName, ".cache", "libtorch");
            if (File.Exists(PathOf(candidate, Shim)))
                return candidate;
        }
        return null;
    }

    private static string PathOf(string folder, string library) => Path.Combine(
        folder, OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so");

    /// <summary>
    /// Idle threads of libgomp spin and take time from others unless the C environment says otherwise before it is loaded. And glibc
    /// returns large blocks to the kernel at once, so that every layer's output costs page faults: a training step takes 1.2 to 1.5 times
    /// as long.
    /// </summary>
    private static void PrepareProcess()
    {
        const int TrimThreshold = -1, MapThreshold = -3;
        _ = SetEnvironment("OMP_WAIT_POLICY", "passive", 0);
        if (!NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "mallopt", out _))
            return;   // musl has no such setting
        _ = SetAllocator(MapThreshold, 1 << 30);
        _ = SetAllocator(TrimThreshold, int.MaxValue);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);
}
