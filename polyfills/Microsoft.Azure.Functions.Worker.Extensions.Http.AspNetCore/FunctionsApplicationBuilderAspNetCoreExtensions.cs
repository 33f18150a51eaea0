namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>ASP.NET Core for a function app.</summary>
public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    /// <summary>HTTP functions take HttpRequest and return IActionResult. Nothing to set up here.</summary>
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => builder;
}
