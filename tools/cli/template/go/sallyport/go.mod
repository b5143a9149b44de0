module sallyport

go 1.24
