using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Resolves this assembly's own calls into librdkafka to the library that Confluent.Kafka has loaded. The name alone is not enough: the package
/// carries several builds (<c>librdkafka</c>, <c>centos8-librdkafka</c>, <c>alpine-librdkafka</c>), and Confluent.Kafka takes the first that this
/// system can load. Two builds in one process would be two libraries, each with its own state.
/// </summary>
internal static class Librdkafka
{
    /// <summary>The library's name in <c>LibraryImport</c> attributes.</summary>
    public const string Name = "librdkafka";

    private static readonly Lazy<nint> Handle = new(Find);

    /// <summary>Whether a file name is that of a build of librdkafka: <c>centos8-librdkafka.so</c> and <c>librdkafka.so.1</c> are, too.</summary>
    /// <param name="path">A file's path.</param>
    public static bool IsLibrary(string path) => Path.GetFileName(path).Contains(Name, StringComparison.OrdinalIgnoreCase);

    [ModuleInitializer]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(Librdkafka).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == Name ? Handle.Value : 0;

    /// <exception cref="DllNotFoundException">Confluent.Kafka cannot load any of its builds.</exception>
    private static nint Find()
    {
        // Loads the library if nothing has yet; throws, with the reason, when none of the builds fits this system.
        if (!Library.IsLoaded)
            Library.Load();
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
            using (module)
                if (module.FileName is { } file && IsLibrary(file) && NativeLibrary.TryLoad(file, out var handle))
                    return handle;      // what is loaded already is not loaded again: the same file gives the same handle
        // A system whose modules cannot be listed: the builds' names are told apart on Linux alone.
        return NativeLibrary.Load(Name, typeof(Library).Assembly, null);
    }
}
