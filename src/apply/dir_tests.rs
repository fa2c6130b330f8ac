//! What both forms of [`Dir`] must do: the same checks on each.

use std::io::ErrorKind;
use std::path::Path;

macro_rules! same_rules {
    ($name:ident, $dir:ty) => {
        #[test]
        fn $name() {
            let temporary = tempfile::TempDir::new().unwrap();
            let (a, b, tree, sub) = ("a".as_ref(), "b".as_ref(), "tree".as_ref(), "sub".as_ref());
            let root = <$dir>::open(temporary.path()).unwrap();
            assert_eq!(root.path(), temporary.path());
            assert_eq!(root.kind(a).unwrap(), None);
            assert_eq!(root.open_dir(a).unwrap_err().kind(), ErrorKind::NotFound);
            root.create_file(a, b"x", false).unwrap();
            assert_eq!(root.create_file(a, b"y", false).unwrap_err().kind(), ErrorKind::AlreadyExists);
            assert_eq!(root.read(a).unwrap(), b"x");
            assert_eq!(root.open_dir(a).unwrap_err().kind(), ErrorKind::NotADirectory);
            assert_eq!(root.open_lock(a, true).unwrap_err().kind(), ErrorKind::AlreadyExists);
            root.open_lock(b, false).unwrap().try_lock().unwrap();
            assert_eq!(root.rename(a, &root, b, false).unwrap_err().kind(), ErrorKind::AlreadyExists);
            root.create_file("new".as_ref(), b"z", false).unwrap();
            root.copy_file_mode(a, "new".as_ref()).unwrap();
            root.sync_file("new".as_ref()).unwrap();
            root.rename_over("new".as_ref(), a).unwrap();
            assert_eq!((root.read(a).unwrap(), root.kind("new".as_ref()).unwrap()), (b"z".to_vec(), None));
            let dir = root.create_dir(tree, false).unwrap();
            assert_eq!(root.create_dir(tree, true).unwrap_err().kind(), ErrorKind::AlreadyExists);
            let sub_dir = dir.create_dir(sub, true).unwrap();
            sub_dir.copy_mode(&dir).unwrap();
            assert_ne!(sub_dir.identity().unwrap(), dir.identity().unwrap());
            assert_eq!(root.open_dir(tree).unwrap().identity().unwrap(), dir.identity().unwrap());
            sub_dir.create_file(a, b"", true).unwrap();
            // Over a folder that holds something: refused. Over an empty one: done.
            let other = root.create_dir("other".as_ref(), false).unwrap();
            other.create_file(a, b"z", false).unwrap();
            assert!(root.rename(tree, &root, "other".as_ref(), true).is_err());
            other.remove_file(a).unwrap();
            root.rename(tree, &root, "other".as_ref(), true).unwrap();
            let mut names = root.list().unwrap();
            names.sort();
            assert_eq!(names, ["a", "b", "other"]);
            std::os::unix::fs::symlink("/etc", Path::new(temporary.path()).join("other/link")).unwrap();
            let other = root.open_dir("other".as_ref()).unwrap();
            assert!(other.open_dir("link".as_ref()).is_err(), "no link is followed");
            assert!(other.read("link".as_ref()).is_err());
            assert!(root.remove_empty_dir("other".as_ref()).is_err());
            root.remove_tree("other".as_ref()).unwrap();
            root.remove_tree("other".as_ref()).unwrap();
            assert!(Path::new("/etc/passwd").exists());
            root.sync().unwrap();
            root.sync_file_system().unwrap();
        }
    };
}

same_rules!(folders_held_open, super::dir::Dir);
same_rules!(folders_by_path, super::portable::Dir);
