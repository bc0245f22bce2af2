using System.ComponentModel.DataAnnotations;
using Microsoft.ML.OnnxRuntime;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;
using Xunit;

namespace Pipeline.Tests.Inference;

/// <summary>The setting <c>Inference:Device</c>. No test here has a GPU.</summary>
public sealed class InferenceDeviceTests
{
    private static bool HasCudaProvider => OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider");

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    [InlineData("cuda:3")]
    public void A_known_device_is_taken(string device) => new InferenceOptions { Device = device }.Validate();

    [Theory]
    [InlineData("")]
    [InlineData("tpu")]
    [InlineData("CUDA")]
    [InlineData("cuda:")]
    [InlineData("cuda:x")]
    [InlineData("cuda:1 ")]
    public void An_unknown_device_is_refused(string device) => Assert.Throws<ValidationException>(new InferenceOptions { Device = device }.Validate);

    [Theory]
    [InlineData("cuda", 0)]
    [InlineData("cuda:0", 0)]
    [InlineData("cuda:12", 12)]
    public void A_GPU_has_a_number(string device, int number) => Assert.Equal(number, OnnxDevice.NumberOf(device));

    [SkippableTheory]
    [InlineData("cuda")]
    [InlineData("cuda:1")]
    public async Task Without_the_CUDA_provider_the_start_fails_and_names_the_setting_and_what_is_missing(string device)
    {
        Skip.If(HasCudaProvider, "this build has the CUDA provider");

        var fault = (await Assert.ThrowsAsync<CommandException>(() => ServeAsync(device))).Message;

        Assert.StartsWith($"Inference:Device is {device}: ", fault, StringComparison.Ordinal);
        Assert.Contains("built without ONNX Runtime's CUDA provider", fault, StringComparison.Ordinal);
        Assert.Contains("-p:OnnxProvider=cuda", fault, StringComparison.Ordinal);
    }

    /// <summary>Run it with <c>dotnet test -p:OnnxProvider=cuda</c> on a machine without a GPU.</summary>
    [SkippableFact]
    public async Task Without_a_GPU_the_start_of_a_build_with_the_CUDA_provider_fails_and_says_what_is_missing()
    {
        Skip.IfNot(HasCudaProvider, "this build has no CUDA provider");
        Skip.If(File.Exists("/proc/driver/nvidia/version"), "this machine has a GPU");

        var fault = (await Assert.ThrowsAsync<CommandException>(() => ServeAsync("cuda"))).Message;

        Assert.StartsWith("Inference:Device is cuda: ONNX Runtime's CUDA provider cannot be loaded: ", fault, StringComparison.Ordinal);
        Assert.Contains("CUDA and cuDNN", fault, StringComparison.Ordinal);
    }

    private static async Task ServeAsync(string device)
    {
        var options = new InferenceOptions { Device = device };
        await using var networks = new NetworkRegistry(options, TimeProvider.System);
        ModelCatalog.Register(networks, new TopologyOptions { Model = "heart-rate" }, options);
    }
}
