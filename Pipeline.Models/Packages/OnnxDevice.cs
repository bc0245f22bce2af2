using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Pipeline.Models.Packages;

/// <summary>
/// Where ONNX Runtime computes: <c>cpu</c>, or an NVIDIA GPU (<c>cuda</c>, <c>cuda:1</c>). The CUDA provider is in the program when it was
/// built with <c>-p:OnnxProvider=cuda</c>; its libraries are loaded when a session asks for them, not before.
/// </summary>
public static class OnnxDevice
{
    /// <summary>The device that every build has.</summary>
    public const string Cpu = "cpu";

    private const string Cuda = "cuda", CudaProvider = "CUDAExecutionProvider";

    // Before anything of ONNX Runtime begins.
    static OnnxDevice() => OnnxTelemetry.Forbid();

    /// <summary>The settings of a session on a device; the caller disposes them.</summary>
    /// <param name="device"><c>cpu</c>, <c>cuda</c> (the first GPU) or <c>cuda:N</c>.</param>
    /// <param name="threads">Threads inside an operator.</param>
    /// <exception cref="InvalidDataException">The device is not known, or cannot be used here; says what is missing.</exception>
    internal static SessionOptions OptionsFor(string device, int threads)
    {
        var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        try
        {
            // Workers share cores with their neighbours: a thread that waits must not spin.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            if (device != Cpu)
                AddCuda(options, device);
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    private static void AddCuda(SessionOptions options, string device)
    {
        var providers = OrtEnv.Instance().GetAvailableProviders();
        if (!providers.Contains(CudaProvider))
            throw new InvalidDataException(
                $"this program was built without ONNX Runtime's CUDA provider (it has {string.Join(", ", providers)}): build it with -p:OnnxProvider=cuda, on Linux x64, or use {Cpu}.");
        try
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string>
            {
                ["device_id"] = NumberOf(device).ToString(CultureInfo.InvariantCulture),
                // TensorFloat-32 keeps ten bits of a factor: answers would differ from the CPU's by more than 1e-4.
                ["use_tf32"] = "0",
                // The trial of all algorithms chooses by time, and so not the same one every time.
                ["cudnn_conv_algo_search"] = "HEURISTIC",
            });
            options.AppendExecutionProvider_CUDA(cuda);
        }
        catch (Exception fault) when (fault is OnnxRuntimeException or DllNotFoundException)
        {
            throw new InvalidDataException(
                $"ONNX Runtime's CUDA provider cannot be loaded: {fault.Message.ReplaceLineEndings(" ")} It needs an NVIDIA GPU with its driver, CUDA and cuDNN (see docs/networks.md); or use {Cpu}.", fault);
        }
    }

    /// <summary>The number of a GPU.</summary>
    /// <exception cref="InvalidDataException">It is neither <c>cuda</c> nor <c>cuda:N</c>.</exception>
    internal static int NumberOf(string device)
    {
        if (device == Cuda)
            return 0;
        return device.StartsWith(Cuda + ":", StringComparison.Ordinal) && int.TryParse(device[(Cuda.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidDataException($"there is no device '{device}'; {Cpu}, {Cuda} and {Cuda}:N are possible.");
    }
}
