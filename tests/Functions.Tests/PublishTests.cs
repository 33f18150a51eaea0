using System.Diagnostics;
using AaClip.Tests;

namespace AaClip.Functions.Tests;

/// <summary>What goes into the images, as the SDK lists it; nothing is copied.</summary>
public sealed class PublishTests
{
    [Fact]
    public async Task What_is_published_holds_ONNX_Runtime_with_its_CUDA_provider_and_nothing_for_Windows()
    {
        string project = Path.Combine(Parity.RepositoryRoot, "src", "Functions", "Functions.csproj");
        string[] arguments =
        [
            "msbuild",
            project,
            "-p:Configuration=Release",
            "-p:NoBuild=true",
            "-p:BuildProjectReferences=false",
            "-t:ComputeResolvedFilesToPublishList",
            "-getItem:ResolvedFileToPublish",
        ];
        ProcessStartInfo start = new("dotnet", arguments) { RedirectStandardOutput = true };
        using Process list = Process.Start(start)!; // a program, not a document
        string printed = await list.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await list.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(list.ExitCode == 0, printed);
        Assert.Contains("/libonnxruntime.so\"", printed, StringComparison.Ordinal);
        Assert.Contains("/libonnxruntime_providers_cuda.so\"", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("/onnxruntime.dll\"", printed, StringComparison.Ordinal);
    }
}
